using System.Text;
using System.Xml.Linq;

namespace Gpu.Cli.Reports;

/// <summary>
/// Builds HTML as a tree of elements and writes it. Texts become text nodes and attributes, which are escaped when they are written, so that no text from data
/// can become markup. The result is well-formed XML, too.
/// </summary>
internal static class Html
{
    private static readonly HashSet<string> Void = ["meta", "img", "br", "link", "input", "hr"];

    /// <summary>An element. Strings become text; attributes are made with <see cref="A"/>.</summary>
    public static XElement E(string name, params object?[] content) => new(name, content);

    /// <summary>An attribute.</summary>
    public static XAttribute A(string name, object value) => new(name, value);

    /// <summary>A <c>div</c> or another element of a class.</summary>
    public static XElement Div(string cssClass, params object?[] content) => new("div", new XAttribute("class", cssClass), content);

    /// <summary>A section with a heading.</summary>
    /// <param name="title">the heading</param>
    /// <param name="content">what follows it</param>
    public static XElement Section(string title, params object?[] content) => new("section", new XElement("h2", title), content);

    /// <summary>A table in a box that scrolls if it is wider than the page.</summary>
    /// <param name="heads">the headings; those that end with <c>#</c> are of numbers, which are right-aligned</param>
    /// <param name="rows">cells: texts or elements</param>
    public static XElement Table(IReadOnlyList<string> heads, IEnumerable<object[]> rows)
    {
        var isNumber = heads.Select(head => head.EndsWith('#')).ToArray();
        var table = E("table");
        if (heads.Any(head => head.TrimEnd('#').Length > 0))
            table.Add(E("thead", E("tr", heads.Select((head, i) => E("th", isNumber[i] ? A("class", "n") : null, head.TrimEnd('#'))))));
        table.Add(E("tbody", rows.Select(row => E("tr", row.Select((cell, i) => cell is XElement { Name.LocalName: "td" } ? cell
            : E("td", isNumber[i] ? A("class", "n") : null, cell))))));
        return Div("scroll", table);
    }

    /// <summary>The document with its doctype.</summary>
    public static string Write(XElement root)
    {
        var text = new StringBuilder("<!DOCTYPE html>\n");
        Write(text, root);
        return text.Append('\n').ToString();
    }

    /// <summary>An element without the document.</summary>
    public static string Inner(XElement element)
    {
        var text = new StringBuilder();
        Write(text, element);
        return text.ToString();
    }

    private static void Write(StringBuilder text, XElement element)
    {
        var name = element.Name.LocalName;
        text.Append('<').Append(name);
        foreach (var attribute in element.Attributes())
        {
            text.Append(' ').Append(attribute.Name.LocalName).Append("=\"");
            Escape(text, attribute.Value);
            text.Append('"');
        }

        if (Void.Contains(name))
        {
            text.Append("/>");
            return;
        }

        text.Append('>');
        foreach (var node in element.Nodes())
        {
            if (node is XElement child) Write(text, child);
            else if (node is XText { Value: var value })
            {
                // Browsers take the text of these as it is, without entities.
                if (name is "style" or "script" && value.AsSpan().IndexOfAny("<>&") >= 0) throw new ArgumentException($"a {name} must not need escapes");
                Escape(text, value);
            }
        }

        text.Append("</").Append(name).Append('>');
        if (name is "section" or "tr" or "svg" or "p" or "style") text.Append('\n');
    }

    private static void Escape(StringBuilder text, string value)
    {
        foreach (var letter in value)
        {
            switch (letter)
            {
                case '<': text.Append("&lt;"); break;
                case '>': text.Append("&gt;"); break;
                case '&': text.Append("&amp;"); break;
                case '"': text.Append("&quot;"); break;
                // XML has no other control characters.
                case < ' ' and not ('\n' or '\t'): text.Append('\uFFFD'); break;
                default: text.Append(char.IsSurrogate(letter) || letter < '\uFFFE' ? letter : '\uFFFD'); break;
            }
        }
    }
}
