internal import CMathKernels
internal import COpenBLAS

/// The kernels for this machine's vectors: a constant table of functions.
nonisolated(unsafe) let math = slw_math_kernels()!.pointee

/// A matrix in somebody else's memory: rows of `stride` numbers, of which the caller knows how many columns count.
struct Matrix {
    let start: Floats
    let stride: Int

    init(_ start: Floats, stride: Int) {
        self.start = start
        self.stride = stride
    }

    /// The part that begins at this row and column.
    func from(row: Int, column: Int = 0) -> Matrix { Matrix(start + row * stride + column, stride: stride) }
}

/// Matrix products on one lane. All matrices are row-major; `accumulating` adds to what is there.
struct MatrixProducts {
    /// nil for single precision.
    private let bfloat16: SLWBfloat16Products?
    /// Where the factors of one product lie rounded and packed.
    private let scratch: FloatBuffer

    /// - Parameter precision: one that this processor supports.
    init(_ precision: ProductPrecision) {
        precondition(precision.isSupported, "this processor has no products in \(precision.rawValue)")
        bfloat16 = precision == .bfloat16 ? slw_bfloat16_products()!.pointee : nil
        scratch = FloatBuffer(count: bfloat16.map { $0.scratch_bytes / 4 } ?? 0)
    }

    /// c (m,n) = a (m,k) · b (k,n)
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, m: Int, n: Int, k: Int, accumulating: Bool = false) {
        product(a, false, b, false, c, m, n, k, accumulating)
    }

    /// c (m,n) = a (m,k) · bᵀ, where b is (n,k)
    func multiply(_ a: Matrix, transposed b: Matrix, into c: Matrix, m: Int, n: Int, k: Int, accumulating: Bool = false) {
        product(a, false, b, true, c, m, n, k, accumulating)
    }

    /// c (m,n) = aᵀ · b (k,n), where a is (k,m)
    func multiply(transposed a: Matrix, _ b: Matrix, into c: Matrix, m: Int, n: Int, k: Int, accumulating: Bool = false) {
        product(a, true, b, false, c, m, n, k, accumulating)
    }

    private func product(
        _ a: Matrix, _ transposesA: Bool, _ b: Matrix, _ transposesB: Bool, _ c: Matrix, _ m: Int, _ n: Int, _ k: Int, _ accumulating: Bool
    ) {
        if let bfloat16 {
            bfloat16.multiply(
                transposesA ? 1 : 0, transposesB ? 1 : 0, m, n, k, a.start, a.stride, b.start, b.stride, accumulating ? 1 : 0, c.start,
                c.stride, scratch.start)
        } else {
            cblas_sgemm(
                CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n),
                blasint(k), 1, a.start, blasint(a.stride), b.start, blasint(b.stride), accumulating ? 1 : 0, c.start, blasint(c.stride))
        }
    }
}

/// How a matrix of results is cut into items for the lanes. A function of the shape alone, so that the bits of the results are, too.
struct Tiling {
    let rows: Int
    let columns: Int
    let tileRows: Int
    let tileColumns: Int

    /// Tiles about as high and as wide as `side`: a product packs both of its operands again in each tile, which only large tiles pay back.
    init(rows: Int, columns: Int, side: Int = 512, items: Int = 4) {
        self.rows = rows
        self.columns = columns
        var rowTiles = (rows + side - 1) / side
        var columnTiles = (columns + 2 * side - 1) / (2 * side)
        while rowTiles * columnTiles < items {
            let (height, width) = (rows / rowTiles, columns / columnTiles)
            guard max(height, width) >= 64 else { break }
            if height >= width { rowTiles *= 2 } else { columnTiles *= 2 }
        }
        tileRows = Self.share(rows, rowTiles)
        tileColumns = Self.share(columns, columnTiles)
    }

    /// `total` in so many parts of full vectors.
    private static func share(_ total: Int, _ parts: Int) -> Int { max(16, ((total + parts - 1) / parts + 15) / 16 * 16) }

    private var tilesAcross: Int { (columns + tileColumns - 1) / tileColumns }
    var count: Int { (rows + tileRows - 1) / tileRows * tilesAcross }

    func tile(_ item: Int) -> Tile {
        let row = item / tilesAcross * tileRows
        let column = item % tilesAcross * tileColumns
        return Tile(row: row, column: column, height: min(tileRows, rows - row), width: min(tileColumns, columns - column))
    }
}

/// A rectangle of a matrix.
struct Tile {
    let row: Int
    let column: Int
    let height: Int
    let width: Int
}
