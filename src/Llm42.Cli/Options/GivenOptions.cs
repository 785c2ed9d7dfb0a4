using System.CommandLine;
using System.CommandLine.Parsing;

namespace Llm42.Cli.Options;

/// <summary>Which options the user wrote, whatever their values.</summary>
internal static class GivenOptions
{
    /// <summary>Their names, an alias under the name that it stands for: "--window".</summary>
    public static IReadOnlySet<string> Of(ParseResult parsed) => parsed.CommandResult.Children
        .OfType<OptionResult>()
        .Where(result => !result.Implicit)
        .Select(result => result.Option.Name)
        .ToHashSet(StringComparer.Ordinal);
}
