import CByteScan
import JSON
import Quantities

/// Turns chunks into documents. Each worker has its own; nothing is shared and nothing allocated once the buffers have grown.
public struct ChunkParser: Sendable {
    private let scanner: JSONLineScanner
    /// For lines whose text is no Unicode.
    private let replacing: JSONLineScanner
    private let options: CorpusOptions
    private let level = json_best_level()

    public init(_ options: CorpusOptions) {
        self.options = options
        var rules = JSONLineScanner.Rules(textKey: options.textKey)
        rules.maximumDepth = options.maximumDepth
        rules.passesNonNumbers = options.invalidText != .fail
        rules.conditions = options.allConditions.map { JSONLineScanner.Condition(key: $0.key, values: $0.values) }
        if options.source == .pile || options.pileSets != nil {
            // As lm_dataformat, which wrote the Pile, reads its own files.
            rules.joinsParagraphs = true
            rules.acceptsBareString = true
        }
        scanner = JSONLineScanner(rules)
        rules.replacesLoneSurrogates = true
        replacing = JSONLineScanner(rules)
    }

    /// Replaces the content of `batch` by the documents of `chunk`. What is wrong with the input is in the batch as ``BadLine``s.
    public func parse(_ chunk: RawChunk, into batch: DocumentBatch) {
        // U+FFFD takes three bytes where one may have been.
        batch.reset(for: chunk, textBytes: chunk.bytes.count * (options.invalidText == .replace ? 3 : 1) + 128)
        switch chunk.content {
        case .records(.jsonLines): parseJSONLines(chunk.bytes, batch)
        case .records(.lines): parseLines(chunk.bytes, batch)
        case .records(.sentences): parseSentences(chunk.bytes, batch)
        case .records(.docElements): parseDocElements(chunk.bytes, batch)
        case .records(.wholeStream), .records(.table): preconditionFailure("these are cut into documents")
        case .documents(let ends): parseDocuments(chunk.bytes, ends, batch)
        case .rows(let rows): parseRows(chunk.bytes, rows, batch)
        case .oversized(let lineCount, let reason):
            batch.append(bad: 0, byteOffset: 0, byteInLine: 0, reason)
            batch.lineCount = lineCount
        }
    }

    private func parseJSONLines(_ bytes: UnsafeRawBufferPointer, _ batch: DocumentBatch) {
        forEachLine(bytes, batch) { line, number, start in
            // A byte order mark is no part of the text it marks (RFC 8259, section 8.1), also where files were joined.
            let mark = line.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            let body = UnsafeRawBufferPointer(rebasing: line[mark...])
            if isBlank(body) {
                batch.blankLineCount += 1
                return
            }
            guard isShortEnough("a line", line.count, number, start, batch) else { return }
            do throws(JSONError) {
                append(try scanner.scan(body, into: output(batch)), number, start, batch)
            } catch {
                if error.isInvalidText, options.invalidText == .replace {
                    if replaceInvalid(body, number, start, batch) { return }
                }
                append(bad: error, mark, body, number, start, batch)
            }
        }
    }

    private func output(_ batch: DocumentBatch) -> UnsafeMutablePointer<UInt8> {
        batch.text.baseAddress!.assumingMemoryBound(to: UInt8.self) + batch.textCount
    }

    private func append(_ line: JSONLineScanner.Line, _ number: Int, _ start: Int, _ batch: DocumentBatch) {
        switch line {
        case .text(let count): append(count, number, start, batch)
        case .unwanted(let value): batch.appendUnwanted(value)
        }
    }

    /// Reads a line of which a text is no Unicode, with U+FFFD for each part that is none. False when something else is wrong with it, too.
    private func replaceInvalid(_ line: UnsafeRawBufferPointer, _ number: Int, _ start: Int, _ batch: DocumentBatch) -> Bool {
        var text = String(decoding: line, as: UTF8.self)
        return text.withUTF8 { bytes in
            do throws(JSONError) {
                append(try replacing.scan(UnsafeRawBufferPointer(bytes), into: output(batch)), number, start, batch)
                return true
            } catch { return false }
        }
    }

    /// What makes a text of a chat, when its template is not at hand.
    private static let chat: OptionText =
        #"without one, (jq -c '{text: [.messages[] | .role + ": " + .content] | join("\n")}') puts its messages one below the other"#

    private func append(
        bad error: JSONError, _ mark: Int, _ body: UnsafeRawBufferPointer, _ number: Int, _ start: Int, _ batch: DocumentBatch
    ) {
        var reason: OptionText = "\(error.reason)"
        if body.starts(with: [0xFF, 0xFE]) || body.starts(with: [0xFE, 0xFF]) {
            let name = body.starts(with: [0xFF, 0xFE, 0, 0]) ? "UTF-32" : "UTF-16"
            reason = "this is \(name); convert the file to UTF-8 (iconv -f \(name) -t UTF-8)"
        } else if batch.byteRange.lowerBound + start == 0,
            let wide = ForeignFormat(start: Array(body.prefix(ForeignFormat.startBytes))[...]),
            wide.isWideText
        {
            reason = "this is \(wide.title); \(wide.advice("FILE"))"
        } else if batch.byteRange.lowerBound + start == 0, body.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "[") {
            reason = "\(error.reason); if the file is one array, write its elements a line each (jq -c '.[]')"
        } else if error.lacksText {
            reason = "\(error.reason) (\(option: "text-key") names another)"
        }
        if error.reason.hasSuffix("must be a string, found an array") {
            let isChat = options.textKey == "messages" || options.textKey == "conversations"
            reason = isChat ? "\(reason); \(Self.chat)" : "\(reason); \(option: "source") pile joins a list of texts by empty lines"
        } else if error.reason.contains("holds a chat") {
            reason = "\(reason); \(Self.chat)"
        } else if batch.byteRange.lowerBound + start == 0, let last = body.last(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }),
            "{[,".utf8.contains(last), body.first == UInt8(ascii: "{")
        {
            reason = "\(reason); if objects go over several lines, write each on one (jq -c .)"
        }
        if error.reason.contains("NaN and Infinity") {
            reason = "\(reason); \(option: "invalid-text") replace passes over them outside of the text"
        }
        batch.append(
            bad: number, byteOffset: start, byteInLine: mark + error.byteOffset, reason,
            isSkipped: error.isInvalidText && options.invalidText == .skip)
    }

    private func parseLines(_ bytes: UnsafeRawBufferPointer, _ batch: DocumentBatch) {
        forEachLine(bytes, batch) { line, number, start in
            let text = withoutReturn(line)
            if isBlank(text) {
                batch.blankLineCount += 1
            } else if isShortEnough("a line", line.count, number, start, batch) {
                copy(text, to: batch, at: 0)
                append(text.count, number, start, batch)
            }
        }
    }

    /// The sentences of a document are joined by newlines, as they stand in the file.
    private func parseSentences(_ bytes: UnsafeRawBufferPointer, _ batch: DocumentBatch) {
        var (count, first, firstStart) = (0, 0, 0)
        func end(at stop: Int) {
            if count > 0, isShortEnough("a document", stop - firstStart, first, firstStart, batch) {
                append(count, first, firstStart, batch)
            }
            count = 0
        }
        forEachLine(bytes, batch) { line, number, start in
            let text = withoutReturn(line)
            if isBlank(text) {
                batch.blankLineCount += 1
                end(at: start)
                return
            }
            if count == 0 {
                (first, firstStart) = (number, start)
            } else {
                batch.text[batch.textCount + count] = 0x0A
                count += 1
            }
            copy(text, to: batch, at: count)
            count += text.count
        }
        end(at: bytes.count)
    }

    /// The text between `<doc …>` and `</doc>`, without the title that WikiExtractor repeats above it and without the empty lines around it:
    /// what `--json` gives under "text".
    private func parseDocElements(_ bytes: UnsafeRawBufferPointer, _ batch: DocumentBatch) {
        var title: [UInt8]?
        var isInside = false
        var (count, lines, first, firstStart) = (0, 0, 0, 0)
        forEachLine(bytes, batch) { line, number, start in
            let text = withoutReturn(line)
            guard isInside else {
                if text.starts(with: "<doc ".utf8) {
                    (isInside, count, lines, first, firstStart) = (true, 0, 0, number, start)
                    title = Self.title(of: text)
                } else if isBlank(text) {
                    batch.blankLineCount += 1
                } else {
                    batch.append(bad: number, byteOffset: start, byteInLine: 0, "expected <doc …>")
                }
                return
            }
            if text.elementsEqual("</doc>".utf8) {
                isInside = false
                guard isShortEnough("a document", start - firstStart, first, firstStart, batch) else { return }
                while count > 0, batch.text[batch.textCount + count - 1] == 0x0A { count -= 1 }
                append(count, first, firstStart, batch)
                return
            }
            lines += 1
            if lines == 1, let title, text.elementsEqual(title) { return }
            if count == 0 && text.isEmpty { return }
            copy(text, to: batch, at: count)
            batch.text[batch.textCount + count + text.count] = 0x0A
            count += text.count + 1
        }
        if isInside { batch.append(bad: first, byteOffset: firstStart, byteInLine: 0, "<doc …> has no </doc>") }
    }

    /// The title in a `<doc id="…" url="…" title="…">` line, its entities undone.
    private static func title(of line: UnsafeRawBufferPointer) -> [UInt8]? {
        let text = String(decoding: line, as: UTF8.self)
        guard let start = text.firstRange(of: " title=\""), text.hasSuffix("\">") else { return nil }
        var title = text[start.upperBound...].dropLast(2)
        for (entity, character) in [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
            title = title.replacing(entity, with: character)
        }
        return Array(title.utf8)
    }

    /// Whole files, byte for byte, whether they are UTF-8 or not: a byte-level tokenizer has tokens for every byte.
    private func parseDocuments(_ bytes: UnsafeRawBufferPointer, _ ends: [Int], _ batch: DocumentBatch) {
        var start = 0
        for (number, end) in ends.enumerated() {
            copy(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), to: batch, at: 0)
            append(end - start, number, start, batch)
            start = end
        }
        batch.lineCount = ends.count
    }

    /// The texts of a table. Its writers say that they are UTF-8, and few have looked.
    private func parseRows(_ bytes: UnsafeRawBufferPointer, _ rows: TableRows, _ batch: DocumentBatch) {
        batch.sections = rows.sections
        batch.lineCount = rows.rowCount
        var start = 0
        var badRows = rows.badRows[...]
        func appendBad(before row: Int) {
            while let bad = badRows.first, bad.row < row {
                batch.append(bad: bad.row, byteOffset: bad.byteOffset, byteInLine: 0, bad.reason)
                badRows.removeFirst()
            }
        }
        for (end, row) in zip(rows.ends, rows.rows) {
            appendBad(before: row)
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            let valid = text.isEmpty ? 0 : json_valid_utf8_prefix(text.baseAddress!.assumingMemoryBound(to: UInt8.self), text.count, level)
            if valid == text.count {
                copy(text, to: batch, at: 0)
                append(text.count, row, start, batch)
            } else if options.invalidText == .replace {
                var sound = String(decoding: text, as: UTF8.self)
                sound.withUTF8 {
                    copy(UnsafeRawBufferPointer($0), to: batch, at: 0)
                    append($0.count, row, start, batch)
                }
            } else {
                batch.append(
                    bad: row, byteOffset: start, byteInLine: valid, "the text is not UTF-8", isSkipped: options.invalidText == .skip)
            }
            start = end
        }
        appendBad(before: rows.rowCount)
    }

    // MARK: parts

    /// Ends a document of `count` bytes, or refuses it when it is too long.
    private func append(_ count: Int, _ line: Int, _ start: Int, _ batch: DocumentBatch) {
        if count > options.maximumDocumentBytes {
            batch.append(
                bad: line, byteOffset: start, byteInLine: 0,
                Limit.documentBytes.reason("a document", count, options.maximumDocumentBytes))
        } else {
            batch.append(textCount: count, line: line, byteOffset: start)
        }
    }

    /// Refuses a record of `byteCount` bytes that is too long. The reader has looked only at those that fill a chunk.
    private func isShortEnough(_ what: String, _ byteCount: Int, _ line: Int, _ start: Int, _ batch: DocumentBatch) -> Bool {
        if byteCount <= options.maximumLineBytes { return true }
        batch.append(
            bad: line, byteOffset: start, byteInLine: 0, Limit.lineBytes.reason(what, byteCount, options.maximumLineBytes))
        return false
    }

    private func copy(_ text: UnsafeRawBufferPointer, to batch: DocumentBatch, at place: Int) {
        guard text.count > 0 else { return }
        (batch.text.baseAddress! + batch.textCount + place).copyMemory(from: text.baseAddress!, byteCount: text.count)
    }

    /// Calls `body` with each line (without its newline), its number and its first byte, and counts the lines.
    private func forEachLine(
        _ bytes: UnsafeRawBufferPointer, _ batch: DocumentBatch, _ body: (UnsafeRawBufferPointer, Int, Int) -> Void
    ) {
        var start = 0
        while start < bytes.count {
            let end = byte_index(bytes.baseAddress! + start, bytes.count - start, 0x0A) + start
            body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), batch.lineCount, start)
            batch.lineCount += 1
            start = end + 1
        }
    }

    private func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        for byte in line { guard byte == 0x20 || byte == 0x09 || byte == 0x0D else { return false } }
        return true
    }

    private func withoutReturn(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        line.last == 0x0D ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
    }
}

extension CorpusOptions {
    /// What must hold for a document of JSON Lines, the sets of the Pile among it.
    var allConditions: [DocumentCondition] {
        conditions + (pileSets.map { [DocumentCondition(key: "meta.pile_set_name", values: $0)] } ?? [])
    }
}
