import CDecompression

/// The CRC-32 of gzip, PNG and Parquet.
public enum CRC32 {
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 { crc32_update(0, bytes.baseAddress, bytes.count) }
}
