import Batches

extension TokenRows {
    /// Throws for an id or a position that the model does not have.
    func check(_ configuration: ModelConfiguration) throws(ModelError) {
        let (words, places) = (UInt32(configuration.vocabularySize), UInt32(configuration.contextLength))
        for n in 0..<count {
            if UInt32(bitPattern: inputs[n]) >= words {
                throw .tokenOutOfRange(id: inputs[n], vocabularySize: configuration.vocabularySize)
            }
            if targets[n] != -1, UInt32(bitPattern: targets[n]) >= words {
                throw .tokenOutOfRange(id: targets[n], vocabularySize: configuration.vocabularySize)
            }
            if UInt32(bitPattern: positions[n]) >= places {
                throw .positionOutOfRange(position: positions[n], contextLength: configuration.contextLength)
            }
        }
    }
}
