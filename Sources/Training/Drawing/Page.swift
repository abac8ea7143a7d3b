/// The frame of a page: one file, no script, nothing fetched from anywhere.
///
/// Which axis the figures of a run show is chosen with three radio buttons: each figure holds one picture an axis, and the style sheet shows the chosen one.
package enum Page {
    /// `text` with the characters that mean something to HTML replaced.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// A whole page around `body`, with the choice of axes if its figures have several.
    package static func html(title: String, header: String, body: String, footer: String, hasAxes: Bool = true) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:,">
        <title>\(escaped(title))</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(hasAxes ? choice : "")
        <header>
        \(header)
        \(hasAxes ? chooser : "")
        </header>
        <main>
        \(body)
        </main>
        <footer>\(footer)</footer>
        </body>
        </html>

        """
    }

    private static let choice = """
        <input type="radio" name="axis" id="by-tokens" checked><input type="radio" name="axis" id="by-steps"><input type="radio" name="axis" id="by-time">
        """
    private static let chooser = """
        <nav aria-label="Horizontal axis of the figures"><span>by</span><label for="by-tokens">tokens</label><label for="by-steps">steps</label><label for="by-time">time</label></nav>
        """

    /// A number with its name and a remark, large: the page's first answers stand side by side in tiles.
    package static func tiles(_ tiles: [(value: String, name: String, note: String)]) -> String {
        let cells = tiles.map {
            "<div class=\"tile\"><span>\(escaped($0.name))</span><b>\(escaped($0.value))</b><i>\(escaped($0.note))</i></div>"
        }
        return "<div class=\"tiles\">\(cells.joined())</div>"
    }

    /// A figure of one picture with its numbers folded away below it.
    package static func figure(_ title: String, _ explanation: String, _ chart: Chart, numbers: String) -> String {
        "<figure><figcaption><h3>\(escaped(title))</h3><p>\(escaped(explanation))</p></figcaption>\(chart.svg(title: title))"
            + "<details><summary>the numbers</summary>\(numbers)</details></figure>"
    }

    /// A table; the first column is text, the others are numbers.
    package static func table(_ heading: [String], _ rows: [[String]]) -> String {
        var text = "<div class=\"scroll\"><table><thead><tr>"
        for name in heading { text += "<th scope=\"col\">\(escaped(name))</th>" }
        text += "</tr></thead><tbody>"
        for row in rows {
            text += "<tr>"
            for (index, cell) in row.enumerated() {
                text += index == 0 ? "<th scope=\"row\">\(escaped(cell))</th>" : "<td>\(escaped(cell))</td>"
            }
            text += "</tr>"
        }
        return text + "</tbody></table></div>"
    }

    // Colours: one accent family that stays apart for colour-blind readers and on both grounds.
    private static let style = """
        :root{--paper:#f7f6f3;--card:#fff;--ink:#1d2126;--soft:#5f6772;--faint:#9aa1ab;--rule:#e4e2dc;--shade:#f0eee9;
        --k0:#2563c9;--k1:#d9691c;--k2:#16876a;--k3:#8a4fc4;--k4:#c23a6b;--k5:#7a6a10;--k6:#2293b8;--k7:#6b7280}
        @media (prefers-color-scheme:dark){:root{--paper:#121417;--card:#1a1d21;--ink:#e8e6e1;--soft:#a2a9b3;--faint:#6f7782;--rule:#2c3036;--shade:#22262b;
        --k0:#6ea3f7;--k1:#f0955a;--k2:#4cc4a0;--k3:#b78be8;--k4:#ee7ba3;--k5:#cdb94e;--k6:#5cc3e6;--k7:#a0a7b2}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
        font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
        body>input{position:absolute;opacity:0;pointer-events:none}
        header,main,footer{max-width:1180px;margin:0 auto;padding:0 24px}
        header{padding-top:40px}
        h1{font-size:30px;line-height:1.2;letter-spacing:-.02em;font-weight:650;margin:0;overflow-wrap:anywhere}
        .lead{color:var(--soft);margin:8px 0 0;max-width:78ch}
        h2{font-size:19px;letter-spacing:-.01em;font-weight:650;margin:44px 0 14px}
        h3{font-size:15px;font-weight:650;margin:0}
        nav{display:inline-flex;align-items:center;gap:2px;margin:22px 0 0;padding:3px;border-radius:9px;background:var(--shade);font-size:14px}
        nav span{color:var(--soft);padding:0 6px 0 10px}
        nav label{padding:3px 14px;border-radius:7px;color:var(--soft);cursor:pointer}
        #by-tokens:checked~header label[for=by-tokens],#by-steps:checked~header label[for=by-steps],#by-time:checked~header label[for=by-time]
        {background:var(--card);color:var(--ink);box-shadow:0 1px 2px #0002}
        #by-tokens:focus-visible~header label[for=by-tokens],#by-steps:focus-visible~header label[for=by-steps],#by-time:focus-visible~header label[for=by-time]
        {outline:2px solid var(--k0);outline-offset:1px}
        .x{display:none}
        #by-tokens:checked~main .x.tokens,#by-steps:checked~main .x.steps,#by-time:checked~main .x.time{display:block}
        .tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin-top:24px}
        .tile{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:13px 16px}
        .tile b{display:block;font-size:23px;line-height:1.25;font-weight:620;letter-spacing:-.02em}
        .tile span{color:var(--soft);font-size:13px}
        .tile i{display:block;font-style:normal;color:var(--faint);font-size:12.5px;line-height:1.35}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:18px}
        figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:16px 18px 10px;min-width:0;break-inside:avoid}
        figure p{color:var(--soft);font-size:13px;line-height:1.4;margin:2px 0 8px}
        .legend{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12.5px;color:var(--soft);margin:0 0 6px;padding:0;list-style:none}
        .legend li{display:flex;align-items:center;gap:6px;overflow-wrap:anywhere}
        .legend i{flex:none;width:14px;height:3px;border-radius:2px;background:currentColor}
        .legend i.block{height:10px;border-radius:3px;opacity:.55}
        .legend i.stroke{width:3px;height:10px}
        svg{width:100%;height:auto;overflow:visible}
        svg text{font-size:11.5px;fill:var(--soft)}
        svg .ty{text-anchor:end}svg .tx{text-anchor:middle}svg .tl{text-anchor:end;paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}svg .axis{fill:var(--faint)}
        path{fill:none}
        .grid{stroke:var(--rule);stroke-width:1}.base,.mark{stroke:var(--faint);stroke-width:1}
        .level{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
        .line{stroke:currentColor;stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round}
        .faint{stroke:currentColor;stroke-width:1;opacity:.3;stroke-linejoin:round}
        .event{stroke:currentColor;stroke-width:.9;opacity:.75}
        .area{fill:currentColor;opacity:.2}
        .bar{fill:currentColor;opacity:.8}
        .dot{fill:currentColor}
        .c0{color:var(--k0)}.c1{color:var(--k1)}.c2{color:var(--k2)}.c3{color:var(--k3)}.c4{color:var(--k4)}.c5{color:var(--k5)}.c6{color:var(--k6)}.c7{color:var(--k7)}
        details{margin:4px 0 4px;font-size:13px}
        summary{cursor:pointer;color:var(--faint);width:max-content;font-size:12.5px}
        summary:hover{color:var(--ink)}
        .scroll{overflow-x:auto;margin:6px 0}
        table{border-collapse:collapse;width:100%;font-size:13px}
        th,td{padding:3px 0 3px 14px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
        th:first-child{text-align:left;padding-left:0;font-weight:450}
        thead th{color:var(--soft);font-weight:550;vertical-align:bottom;white-space:normal;min-width:8ch}
        .panel{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:8px 18px 12px}
        .panel table{font-size:14px}
        .panel th,.panel td{padding-top:5px;padding-bottom:5px}
        .panel tr:last-child>*{border-bottom:0}
        .note{color:var(--soft);font-size:13px;margin:8px 0 0}
        .text{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0 0}
        .split{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:18px;align-items:start}
        .config :is(th,td){text-align:left}.config td{white-space:normal;overflow-wrap:anywhere}
        footer{color:var(--faint);font-size:13px;padding-top:34px;padding-bottom:44px}
        @media (max-width:820px){.tiles{grid-template-columns:repeat(2,1fr)}}
        @media (max-width:600px){header,main,footer{padding-left:14px;padding-right:14px}header{padding-top:24px}h1{font-size:24px}
        figure{padding:13px 12px 6px}svg text{font-size:14.5px}.tiles{gap:9px}.tile{padding:10px 12px}.tile b{font-size:19px}
        .panel{padding:6px 12px 10px}.panel table{font-size:13px}.panel tbody :is(th,td){white-space:normal}.panel tbody th{min-width:11ch}.config tbody th{overflow-wrap:anywhere}}
        @media print{:root{--paper:#fff;--rule:#ddd}body{font-size:11px}nav{display:none}header{padding-top:0}
        .figures,.split{grid-template-columns:1fr 1fr;gap:10px}.tile,figure,.panel{break-inside:avoid;border-radius:0}
        details::details-content{content-visibility:visible;display:block;height:auto}summary{display:none}table{font-size:9px}h2{break-after:avoid}}
        """
}
