// The functions of slwloader.h. Nothing here decides anything: C's types to ours, and errors to one line of text.
// Pointers that C hands over are trusted to be what the header says; a handle is a retained LoaderHandle.

import Batches
public import CLoader
import JSON
import LengthWarmup
import Sampling
import Quantities

/// What a `slw_loader *` points to.
@safe private final class LoaderHandle {
    let schedule: LoaderSchedule
    var loader: Loader { didSet { batch = nil } }
    /// The micro-batch that came last, and memory for its segments.
    var batch: Batch?
    private var borders = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 0)
    /// The last failure, NUL-terminated, in memory of its own: C reads it after the call that asks for it has returned.
    private(set) var lastError: UnsafeMutablePointer<CChar>?

    init(_ options: LoaderOptions) throws {
        schedule = try LoaderSchedule(options)
        loader = try schedule.loader(state: nil)
    }

    deinit {
        unsafe lastError?.deallocate()
        unsafe borders.deallocate()
    }

    /// The segments of the last micro-batch; nil when there is none.
    func spans() -> slw_spans? {
        guard let batch, let count = Int32(exactly: batch.rows * batch.length) else { return nil }
        if unsafe borders.count <= Int(count) {
            unsafe borders.deallocate()
            unsafe borders = .allocate(capacity: Int(count) + 1)
        }
        let spans = unsafe batch.writeSpans(into: borders.baseAddress!)
        return unsafe slw_spans(cu_seqlens: borders.baseAddress!, count: Int32(spans.count), max_seqlen: Int32(spans.longest))
    }

    func fail(_ error: any Error) {
        unsafe lastError?.deallocate()
        let text = Self.line(error).utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
        for (index, character) in text.enumerated() { unsafe (copy + index).initialize(to: character) }
        unsafe lastError = copy
    }

    /// What an error says, in the spelling of this interface.
    static func line(_ error: any Error) -> String { (error as? any OptionNaming)?.optionText.text(.json) ?? "\(error)" }

    static func of(_ pointer: OpaquePointer?) -> LoaderHandle? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe Unmanaged<LoaderHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
    }
}

@c @implementation
public func slw_loader_open(
    _ configuration: UnsafePointer<CChar>?, _ error: UnsafeMutablePointer<CChar>?, _ errorSize: Int
) -> OpaquePointer? {
    do {
        guard let text = unsafe configuration else { throw LoaderFault("the configuration is NULL") }
        let json: JSONValue
        do {
            json = try unsafe JSONValue.parse(Array(String(cString: text).utf8))
        } catch { throw LoaderFault("the configuration is no JSON: \(error)") }
        guard let object = json.object else { throw LoaderFault("the configuration is no JSON object") }
        let handle = try LoaderHandle(try LoaderOptions(object))
        return unsafe OpaquePointer(Unmanaged.passRetained(handle).toOpaque())
    } catch let failure {
        if let error = unsafe error, errorSize > 0 {
            let bytes = Array(LoaderHandle.line(failure).utf8.prefix(errorSize - 1)) + [0]
            for (index, byte) in bytes.enumerated() { unsafe error[index] = CChar(bitPattern: byte) }
        }
        return nil
    }
}

@c @implementation
public func slw_loader_next(_ loader: OpaquePointer?, _ batch: UnsafeMutablePointer<slw_batch>?) -> Int32 {
    guard let handle = unsafe LoaderHandle.of(loader), let target = unsafe batch else { return -1 }
    handle.batch = handle.loader.next()
    guard let batch = handle.batch else { return 0 }
    unsafe target.pointee = slw_batch(
        step: Int64(batch.step), rows: Int32(batch.rows), length: Int32(batch.length), completes_step: batch.completesStep ? 1 : 0,
        reserved: 0, target_count: Int64(batch.targetCount), global_target_count: Int64(batch.globalTargetCount), inputs: batch.inputs,
        targets: batch.targets, segments: batch.segments, positions: batch.positions)
    return 1
}

@c @implementation
public func slw_loader_observe(_ loader: OpaquePointer?, _ loss: Double) -> Int32 {
    guard let handle = unsafe LoaderHandle.of(loader) else { return -1 }
    handle.loader.observe(loss: loss)
    return 0
}

@c @implementation
public func slw_loader_error(_ loader: OpaquePointer?) -> UnsafePointer<CChar>? {
    unsafe LoaderHandle.of(loader)?.lastError.map { unsafe UnsafePointer($0) }
}

@c @implementation
public func slw_loader_counts(_ loader: OpaquePointer?, _ counts: UnsafeMutablePointer<slw_counts>?) -> Int32 {
    guard let handle = unsafe LoaderHandle.of(loader), let target = unsafe counts else { return -1 }
    let counts = handle.loader.plan.counts
    unsafe target.pointee = slw_counts(
        steps: Int64(counts.steps), trained: Int64(counts.trained), fetched: Int64(counts.fetched), reused: Int64(counts.reused),
        outstanding: Int64(counts.outstanding), dropped: Int64(counts.dropped))
    return 0
}

@c @implementation
public func slw_loader_masked(_ loader: OpaquePointer?) -> Int64 {
    unsafe LoaderHandle.of(loader).map { Int64($0.loader.plan.counts.masked) } ?? -1
}

@c @implementation
public func slw_loader_spans(_ loader: OpaquePointer?, _ spans: UnsafeMutablePointer<slw_spans>?) -> Int32 {
    guard let handle = unsafe LoaderHandle.of(loader), let target = unsafe spans, let found = unsafe handle.spans() else { return -1 }
    unsafe target.pointee = found
    return 0
}

@c @implementation
public func slw_loader_weights(_ loader: OpaquePointer?) -> UnsafePointer<Float>? {
    unsafe LoaderHandle.of(loader)?.batch?.weights.map { unsafe UnsafePointer($0) }
}

@c @implementation
public func slw_loader_digest(_ loader: OpaquePointer?) -> UInt64 { unsafe LoaderHandle.of(loader)?.loader.digest ?? 0 }

@c @implementation
public func slw_loader_save(_ loader: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int) -> Int64 {
    guard let handle = unsafe LoaderHandle.of(loader) else { return -1 }
    let state = handle.loader.state.encoded
    if let buffer = unsafe buffer, capacity >= state.count {
        unsafe UnsafeMutableRawBufferPointer(start: buffer, count: state.count).copyBytes(from: state)
    }
    return Int64(state.count)
}

@c @implementation
public func slw_loader_restore(_ loader: OpaquePointer?, _ state: UnsafeRawPointer?, _ size: Int) -> Int32 {
    guard let handle = unsafe LoaderHandle.of(loader) else { return -1 }
    do {
        guard let state = unsafe state, size >= 0 else { throw LoaderFault("the state is NULL") }
        let decoded = try unsafe PlanState(decoding: Array(UnsafeRawBufferPointer(start: state, count: size)))
        handle.loader = try handle.schedule.loader(state: decoded)
        return 0
    } catch {
        handle.fail(error)
        return -1
    }
}

@c @implementation
public func slw_loader_close(_ loader: OpaquePointer?) {
    guard let loader = unsafe loader else { return }
    unsafe Unmanaged<LoaderHandle>.fromOpaque(UnsafeRawPointer(loader)).release()
}
