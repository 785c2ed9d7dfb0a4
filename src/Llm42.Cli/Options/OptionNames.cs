using System.CommandLine;
using System.CommandLine.Help;

namespace Llm42.Cli.Options;

/// <summary>What options are called in the environment and in a configuration file.</summary>
internal static class OptionNames
{
    /// <summary>Begins the name of every variable.</summary>
    public const string Prefix = "LLM42_";

    private const string AliasPrefix = "llm42-";

    /// <summary>The options of a command that other places can give: its own, and those that all commands have.</summary>
    public static IReadOnlyList<Option> OptionsOf(Command command) =>
    [
        .. command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(option => option.Recursive)))
            .Where(option => option is not (HelpOption or VersionOption)),
    ];

    /// <summary>The variable of an option: LLM42_VERIFY_GROUP for --verify-group.</summary>
    public static string Variable(Option option) => Variable(option.Name);

    /// <summary>The variables of an option and its aliases.</summary>
    public static IEnumerable<string> Variables(Option option) => Names(option).Select(Variable);

    /// <summary>The keys of an option and its aliases in a file: verify-group, llm42-verify-batch-size.</summary>
    public static IEnumerable<string> Keys(Option option) => Names(option).Select(name => name.TrimStart('-'));

    private static IEnumerable<string> Names(Option option) => option.Aliases.Prepend(option.Name).Where(name => name.StartsWith("--", StringComparison.Ordinal));

    private static string Variable(string name)
    {
        string word = name.TrimStart('-');
        if (word.StartsWith(AliasPrefix, StringComparison.Ordinal))
            word = word[AliasPrefix.Length..];
        return Prefix + word.ToUpperInvariant().Replace('-', '_');
    }
}
