#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Megatron's arrays grow with the job: what this machine cannot hold is refused before memory is taken.
enum MegatronMemory {
    /// Throws when arrays of `bytes` for so many samples are larger than the machine's memory.
    static func check(samples: Int, bytes: Double) throws(MegatronOrderError) {
        let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
        // A system that does not tell says -1.
        guard memory <= 0 || bytes <= memory else {
            throw .tooLarge(samples: samples, gigabytes: Int(min(bytes / 1e9, 1e15)))
        }
    }
}
