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
exit(TrainTool.command.execute(PathName.commandLineArguments()))
