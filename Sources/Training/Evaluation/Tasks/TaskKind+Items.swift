import JSON

extension TaskKind {
    /// The questions of a file in the layout of the task's publishers (RACE: also a folder of files).
    public func items(of path: String) throws(TaskError) -> [TaskItem] {
        let records = try TaskRecord.read(path, of: self)
        if self == .race { return try raceItems(records) }
        var items: [TaskItem] = []
        items.reserveCapacity(records.count)
        for record in records { items.append(try item(record)) }
        return items
    }

    private func item(_ record: TaskRecord) throws(TaskError) -> TaskItem {
        switch self {
        case .hellaswag:
            let label = record.value["label"]
            guard let right = label?.int ?? label?.string.flatMap({ Int(TaskText.stripped($0)) }) else {
                throw record.refused("it has no label: take the training or validation file, the test file has none")
            }
            let query = try record.text("activity_label") + ": " + record.text("ctx_a") + " " + TaskText.capitalized(record.text("ctx_b"))
            let endings = try record.texts("endings")
            guard !endings.isEmpty else { throw record.refused("\"endings\" is empty") }
            return TaskItem(record, TaskText.cleanedWikiHow(query), choices: endings.map(TaskText.cleanedWikiHow), right: right)
        case .piqa:
            let choices = [try record.text("sol1"), try record.text("sol2")]
            return TaskItem(record, try Self.asked(record.text("goal")), choices: choices, right: record.label ?? -1)
        case .arc: return try arcItem(record)
        case .winogrande: return try winograndeItem(record)
        case .anli:
            guard let right = ["e": 0, "n": 1, "c": 2][try record.text("label")] else { throw record.refused("its label is not e, n or c") }
            let question = try record.text("context") + "\nQuestion: " + record.text("hypothesis") + " True, False, or Neither?\nAnswer:"
            return TaskItem(record, question, choices: ["True", "Neither", "False"], right: right)
        case .boolq:
            // SuperGLUE says label, the original release answer.
            guard let isTrue = record.value["label"]?.bool ?? record.value["answer"]?.bool else {
                throw record.refused("it has neither \"label\" nor \"answer\" with true or false: the test file has none")
            }
            let question = try record.text("passage") + "\nQuestion: " + record.text("question") + "?\nAnswer:"
            return TaskItem(record, question, choices: ["no", "yes"], right: isTrue ? 1 : 0)
        case .lambada: return try lambadaItem(record)
        case .webqs:
            let answers = try Self.descriptions(in: record)
            return Self.likelihoodItem(record, try Self.asked(record.text("utterance")), answers, shown: answers[0])
        case .triviaqa:
            let (_, aliases) = try Self.aliases(of: record)
            let question = try Self.asked(TaskText.stripped(record.text("Question")) + "?")
            return TaskItem(
                record, contexts: [question], continuations: [], answer: .texts(aliases), example: question + " " + aliases[0])
        case .triviaqaLikelihood:
            let (value, aliases) = try Self.aliases(of: record)
            return Self.likelihoodItem(record, try Self.asked(TaskText.stripped(record.text("Question"))), aliases, shown: value)
        case .choice:
            let choices = try record.texts("choices")
            guard !choices.isEmpty else { throw record.refused("\"choices\" is empty") }
            guard let right = record.value["answer"]?.int, choices.indices.contains(right) else {
                throw record.refused("\"answer\" is not the index of one of its choices, 0 to \(choices.count - 1)")
            }
            return TaskItem(record, try record.text("context"), choices: choices, right: right)
        case .race: return try raceItem(record, [record])
        }
    }

    private static func asked(_ question: String) -> String { "Question: " + question + "\nAnswer:" }

    private static func likelihoodItem(_ record: TaskRecord, _ question: String, _ answers: [String], shown: String) -> TaskItem {
        let answers = TaskText.prefixFree(answers)
        return TaskItem(
            record, contexts: [question], continuations: answers.map { " " + $0 }, answer: .anyGreedy(Array(answers.indices)),
            example: question + " " + shown)
    }

    private func arcItem(_ record: TaskRecord) throws(TaskError) -> TaskItem {
        guard let question = record.value["question"], let stem = question["stem"]?.string, let choices = question["choices"]?.array else {
            throw record.refused("it has no \"question\" with \"stem\" and \"choices\"")
        }
        let texts = try record.texts(choices.map { $0["text"] ?? .null }, "choices")
        let labels = try record.texts(choices.map { $0["label"] ?? .null }, "choices")
        let key = try record.text("answerKey")
        guard let right = labels.firstIndex(of: key) else {
            throw record.refused("its answerKey \(key) is none of its labels \(labels.joined(separator: ", "))")
        }
        return TaskItem(record, Self.asked(stem), choices: texts, right: right)
    }

    /// Partial scoring: what follows the gap, after each of the options in it.
    private func winograndeItem(_ record: TaskRecord) throws(TaskError) -> TaskItem {
        let sentence = try record.text("sentence").unicodeScalars
        guard let gap = sentence.firstIndex(of: "_") else { throw record.refused("its sentence has no _") }
        guard let right = ["1": 0, "2": 1][try record.text("answer")] else {
            throw record.refused("its answer is neither 1 nor 2: the test file has none")
        }
        let rest = " " + TaskText.stripped(String(sentence[sentence.index(after: gap)...]))
        let contexts = [String(sentence[..<gap]) + (try record.text("option1")), String(sentence[..<gap]) + (try record.text("option2"))]
        return TaskItem(
            record, contexts: contexts, continuations: [rest, rest], answer: .index(right), example: contexts[right] + rest)
    }

    /// All but the last piece between single blanks, and that piece.
    private func lambadaItem(_ record: TaskRecord) throws(TaskError) -> TaskItem {
        let text = try record.text("text")
        let scalars = text.unicodeScalars
        let blank = scalars.lastIndex(of: " ")
        let context = blank.map { String(scalars[..<$0]) } ?? ""
        let word = " " + (blank.map { String(scalars[scalars.index(after: $0)...]) } ?? text)
        // The harness puts its own blank before the word's.
        return TaskItem(
            record, contexts: [context], continuations: [word], answer: .word, example: context + word,
            harnessExample: context + " " + word)
    }

    /// WebQuestions' answers: the quoted or bare words of `(list (description A) (description "B c"))`.
    private static func descriptions(in record: TaskRecord) throws(TaskError) -> [String] {
        let scalars = Array(try record.text("targetValue").unicodeScalars)
        let mark = Array("(description ".unicodeScalars)
        var (answers, index) = ([String](), 0)
        while index + mark.count <= scalars.count {
            guard scalars[index..<index + mark.count].elementsEqual(mark) else {
                index += 1
                continue
            }
            index += mark.count
            let isQuoted = index < scalars.count && scalars[index] == "\""
            if isQuoted { index += 1 }
            guard let end = scalars[index...].firstIndex(of: isQuoted ? "\"" : ")") else {
                throw record.refused("\"targetValue\" has a description without an end")
            }
            answers.append(TaskText.string(scalars[index..<end]))
            index = end
        }
        guard !answers.isEmpty else { throw record.refused("it has no answers") }
        return answers
    }

    private static func aliases(of record: TaskRecord) throws(TaskError) -> (value: String, aliases: [String]) {
        guard let answer = record.value["Answer"], let list = answer["Aliases"]?.array, !list.isEmpty else {
            throw record.refused("it has no \"Answer\" with \"Aliases\"")
        }
        // As the hub's data set has them.
        let aliases = try record.texts(list, "Aliases").map(TaskText.stripped)
        return (answer["Value"]?.string ?? aliases[0], aliases)
    }
}

// MARK: RACE

extension TaskKind {
    /// One question for each article: those of files with the same article are joined, and the last of them is asked.
    private func raceItems(_ records: [TaskRecord]) throws(TaskError) -> [TaskItem] {
        var (order, places) = ([[TaskRecord]](), [[UInt8]: Int]())
        for record in records {
            // By its bytes: equal strings may differ in their code points.
            let article = Array(try record.text("article").utf8)
            if let place = places[article] {
                order[place].append(record)
            } else {
                places[article] = order.count
                order.append([record])
            }
        }
        var items: [TaskItem] = []
        for records in order { items.append(try raceItem(records[0], records)) }
        return items
    }

    private func raceItem(_ first: TaskRecord, _ records: [TaskRecord]) throws(TaskError) -> TaskItem {
        var problems: [(record: TaskRecord, question: String, options: [String], right: Int)] = []
        for record in records {
            let (questions, answers) = (try record.texts("questions"), try record.texts("answers"))
            guard let options = record.value["options"]?.array, options.count == questions.count, answers.count == questions.count else {
                throw record.refused("it has not as many options and answers as questions")
            }
            for (index, question) in questions.enumerated() {
                guard let right = ["A": 0, "B": 1, "C": 2, "D": 3][answers[index]] else {
                    throw record.refused("question \(index + 1): its answer is not one of A to D")
                }
                let texts = try record.texts(options[index].array ?? [], "options")
                guard texts.indices.contains(right) else {
                    throw record.refused("question \(index + 1): its answer is none of its options")
                }
                problems.append((record, question, texts, right))
            }
        }
        guard let last = problems.popLast() else { throw first.refused("it has no questions") }
        guard last.options.count >= 4 else {
            throw last.record.refused("its last question has \(last.options.count) options instead of four")
        }
        var text = "Article: " + (try first.text("article")) + "\n\n"
        for problem in problems {
            if TaskText.hasSuffix(problem.question, "  _  .") {
                text += TaskText.string(problem.question.unicodeScalars.dropLast(5)) + problem.options[problem.right] + "\n"
            } else {
                text += "Question: \(problem.question)\nAnswer: \(problem.options[problem.right])\n"
            }
        }
        return TaskItem(first, text + last.question, choices: Array(last.options.prefix(4)), right: last.right)
    }
}
