using System.Text.RegularExpressions;

namespace Llm42.Repository.Tests;

/// <summary>The README, taken apart.</summary>
internal static partial class Readme
{
    public static string Text { get; } = RepositoryFiles.Read("README.md");

    /// <summary>The code blocks of a language.</summary>
    public static IReadOnlyList<string> Blocks(string language) => Blocks(Text, language);

    /// <summary>The code blocks of a language in a Markdown text.</summary>
    public static IReadOnlyList<string> Blocks(string text, string language) =>
        [.. CodeBlock().Matches(text).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value)];

    /// <summary>The C# program.</summary>
    public static string Program => Blocks("csharp").Single();

    /// <summary>The lines of the shell blocks, comments and continuations taken away; those that a server answers left out.</summary>
    public static IReadOnlyList<string> Commands => [.. Blocks("sh").Select(Lines).Where(lines => !IsServed(lines)).SelectMany(lines => lines)];

    /// <summary>The lines of the blocks that begin by starting a server, which goes on while the others ask it.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Served => [.. Blocks("sh").Select(Lines).Where(IsServed)];

    private static IReadOnlyList<string> Lines(string block) =>
        [.. block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];

    private static bool IsServed(IReadOnlyList<string> lines) => lines[0].StartsWith("artifacts/bin/llm42 serve ", StringComparison.Ordinal);

    /// <summary>What stands between backticks in the running text.</summary>
    public static IReadOnlyList<string> Inline =>
        [.. InlineCode().Matches(CodeBlock().Replace(Text, "")).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex InlineCode();
}
