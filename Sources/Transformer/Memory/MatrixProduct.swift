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

/// Matrix products on the calling thread. All matrices are row-major; `accumulating` adds to what is there.
enum MatrixProduct {
    /// c (m,n) = a (m,k) · b (k,n)
    static func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, m: Int, n: Int, k: Int, accumulating: Bool = false) {
        product(CblasNoTrans, CblasNoTrans, a, b, c, m, n, k, accumulating)
    }

    /// c (m,n) = a (m,k) · bᵀ, where b is (n,k)
    static func multiply(_ a: Matrix, transposed b: Matrix, into c: Matrix, m: Int, n: Int, k: Int, accumulating: Bool = false) {
        product(CblasNoTrans, CblasTrans, a, b, c, m, n, k, accumulating)
    }

    /// c (m,n) = aᵀ · b (k,n), where a is (k,m)
    static func multiply(transposed a: Matrix, _ b: Matrix, into c: Matrix, m: Int, n: Int, k: Int, accumulating: Bool = false) {
        product(CblasTrans, CblasNoTrans, a, b, c, m, n, k, accumulating)
    }

    private static func product(
        _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ a: Matrix, _ b: Matrix, _ c: Matrix, _ m: Int, _ n: Int, _ k: Int,
        _ accumulating: Bool
    ) {
        cblas_sgemm(
            CblasRowMajor, transposeA, transposeB, blasint(m), blasint(n), blasint(k), 1, a.start, blasint(a.stride), b.start,
            blasint(b.stride),
            accumulating ? 1 : 0, c.start, blasint(c.stride))
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
