/// The place of the largest number; of equals the first, as PyTorch's argmax has it. A NaN is never the largest; -1 where there is nothing else.
package func placeOfLargest(_ numbers: UnsafeBufferPointer<Float>) -> Int {
    var (best, place) = (-Float.infinity, -1)
    for index in numbers.indices where numbers[index] > best || (place < 0 && numbers[index] == best) {
        (best, place) = (numbers[index], index)
    }
    return place
}
