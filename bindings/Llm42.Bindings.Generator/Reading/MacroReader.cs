using System.Globalization;
using System.Text.RegularExpressions;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>Finds integer macros, which clang's syntax tree does not hold.</summary>
public static partial class MacroReader
{
    // Macros that say how to declare, and nothing that a caller could use.
    private static readonly string[] Ignored = ["LLM42_API", "LLM42_NOEXCEPT"];

    /// <summary>Reads the macros of one header.</summary>
    public static IEnumerable<ConstantDeclaration> Read(string header, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; ++i)
        {
            Match define = Define().Match(lines[i].TrimEnd('\r'));
            if (!define.Success || Array.IndexOf(Ignored, define.Groups["name"].Value) >= 0)
            {
                continue;
            }

            SourceLocation location = new(header, i + 1);
            string name = define.Groups["name"].Value;
            if (!int.TryParse(define.Groups["value"].Value, NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture, out int value))
            {
                throw new BindingException(location, $"macro '{name}' is not a decimal integer");
            }

            yield return new ConstantDeclaration(name, value, Comment(lines, i, location));
        }
    }

    private static DocComment Comment(string[] lines, int define, SourceLocation location)
    {
        int end = define - 1;
        int start = end;
        while (start >= 0 && !lines[start].TrimStart().StartsWith("/**", StringComparison.Ordinal))
        {
            start--;
        }

        if (start < 0 || !lines[end].TrimEnd().EndsWith("*/", StringComparison.Ordinal))
        {
            throw new BindingException(location, "macro without a comment on the line before");
        }

        IEnumerable<string> text = lines[start..(end + 1)].Select(line => line.Trim().Trim('/', '*').Trim());
        return new DocComment(location, [string.Join(' ', text).Trim()], new Dictionary<string, string>(), null);
    }

    [GeneratedRegex(@"^\s*#\s*define\s+(?<name>LLM42_\w+)\s+(?<value>.*\S)\s*$")]
    private static partial Regex Define();
}
