import CommandKit
import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

StopSignal.install()
exit(DataTool.command.execute(PathName.commandLineArguments(), isInterruption: DataTool.isInterruption))
