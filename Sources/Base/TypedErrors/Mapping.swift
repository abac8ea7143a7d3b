/// Does what the expression says; an error of it goes on as the one that `transform` makes of it.
///
/// For the borders between modules, each of which throws one type:
///
///     let file = try mapping(CorpusError.file, OpenFile(path))
@inline(__always)
public func mapping<Value: ~Copyable, Inner: Error, Outer: Error>(
    _ transform: (Inner) -> Outer, _ expression: @autoclosure () throws(Inner) -> Value
) throws(Outer) -> Value {
    do throws(Inner) { return try expression() } catch { throw transform(error) }
}

/// The same for more than an expression. Swift wants to be told what the closure throws:
///
///     try mapping(CorpusError.file) { () throws(FileError) in … }
@inline(__always)
public func mapping<Value: ~Copyable, Inner: Error, Outer: Error>(
    _ transform: (Inner) -> Outer, _ body: () throws(Inner) -> Value
) throws(Outer) -> Value {
    do throws(Inner) { return try body() } catch { throw transform(error) }
}
