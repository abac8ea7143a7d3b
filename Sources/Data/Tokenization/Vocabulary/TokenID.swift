/// The number of a vocabulary's entry.
public typealias TokenID = UInt32
