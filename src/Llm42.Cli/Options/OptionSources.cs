using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Llm42.Cli.Options;

/// <summary>
/// Fills in what the command line leaves open: out of the environment, else out of a configuration file. It works on
/// whatever options a command has, so that none can be forgotten.
/// </summary>
internal sealed class OptionSources
{
    private const string ModelPath = "--model-path";

    // Variables of other parts: the library, its natives and the tests.
    private static readonly string[] Others =
        [ServerFlags.ApiKeyVariable, "LLM42_NATIVE_PATH", "LLM42_SHARED", "LLM42_SOAK_MINUTES", "LLM42_LOAD_SECONDS"];

    private static readonly string[] OtherPrefixes = ["LLM42_REQUIRE_", "LLM42_EMULATOR_", "LLM42_TEST_", "LLM42_GPU_"];

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly ParseResult _given;
    private readonly IReadOnlyList<Option> _options;
    private readonly List<string> _arguments = [];

    private OptionSources(ParseResult given, IReadOnlyDictionary<string, string> environment)
    {
        _environment = environment;
        _given = given;
        _options = OptionNames.OptionsOf(given.CommandResult.Command);
    }

    /// <summary>The configuration file; a command that has it takes its options from everywhere.</summary>
    public static Option<string?> Config { get; } = Flag.Text(
        "--config", "FILE", "A JSON object of options by name, without dashes; \"Kestrel\" in it is Kestrel's own configuration (TLS). [LLM42_CONFIG]");

    /// <summary>Where options that the command line does not give came from.</summary>
    public Dictionary<Option, string> Origins { get; } = [];

    /// <summary>What is worth a warning.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>The environment of the process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    /// <summary>Makes a command take its options from everywhere, and its help say so. To be called when it has all of them.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in command.Options)
            option.Description = $"{option.Description} [{OptionNames.Variable(option)}]";
        command.Add(Config);
        command.Description +=
            " Every option can also be given by the variable behind it, or by its name without dashes in the file of --config."
            + " The command line comes first, then the environment, then the file, then the default.";
    }

    /// <summary>Completes a command line; null where there is nothing to do.</summary>
    /// <exception cref="UsageException">A variable or a key is unknown or given twice, or has no value that could be an option's.</exception>
    public static OptionSources? Read(ParseResult given, IReadOnlyDictionary<string, string> environment)
    {
        Command command = given.CommandResult.Command;
        if (!command.Options.Contains(Config) || given.Errors.Count > 0 || given.Action != command.Action)
            return null;
        var sources = new OptionSources(given, environment);
        sources.ReadEnvironment();
        sources.ReadFile();
        return sources;
    }

    /// <summary>The command line with what was found.</summary>
    public string[] Complete(string[] arguments)
    {
        // Right behind the command: further on, "--" may have ended the options.
        int place = Array.IndexOf(arguments, _given.CommandResult.Command.Name) + 1;
        return [.. arguments[..place], .. _arguments, .. arguments[place..]];
    }

    /// <summary>An error of the completed command line, with the place that its value came from.</summary>
    public string Describe(ParseError error)
    {
        for (SymbolResult? symbol = error.SymbolResult; symbol is not null; symbol = symbol.Parent)
        {
            if (symbol is OptionResult result && Origins.TryGetValue(result.Option, out string? origin))
                return $"{origin}: {error.Message}";
        }

        return error.Message;
    }

    private void ReadEnvironment()
    {
        var known = _options.SelectMany(option => OptionNames.Variables(option).Select(variable => (variable, option)))
            .ToDictionary(pair => pair.variable, pair => pair.option, StringComparer.Ordinal);
        foreach ((string name, string value) in _environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(OptionNames.Prefix, StringComparison.Ordinal))
                continue;
            if (known.TryGetValue(name, out Option? option))
            {
                // Container tools set variables that they have no value for.
                if (value.Length > 0)
                    Add(option, name, AllowsMany(option) ? value.Split(',', StringSplitOptions.TrimEntries) : [value]);
            }
            else if (!Others.Contains(name) && !OtherPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                Warnings.Add($"the variable {name} is no option of this command and is ignored{Suggestion(Nearest.To(name, known.Keys))}");
            }
        }
    }

    private void ReadFile()
    {
        if ((_given.GetValue(Config) ?? ValueOf(Config)) is not { } path)
            return;
        ConfigurationFile file = ConfigurationFile.Read(path);
        var known = _options.Where(option => option != Config)
            .SelectMany(option => OptionNames.Keys(option).Select(key => (key, option)))
            .ToDictionary(pair => pair.key, pair => pair.option, StringComparer.Ordinal);
        var inFile = new Dictionary<Option, string>();
        foreach ((string key, JsonElement value) in file.Entries)
        {
            if (!known.TryGetValue(key, out Option? option))
                throw new UsageException(
                    $"the configuration file {path} has \"{key}\", which is no option{Suggestion(Nearest.To(key, known.Keys.Append(ConfigurationFile.KestrelKey)))}");
            if (!inFile.TryAdd(option, key))
                throw new UsageException($"the configuration file {path} has \"{inFile[option]}\" and \"{key}\", which are one option; leave one out.");
            string origin = $"{path}, \"{key}\"";
            string[] values = value.ValueKind == JsonValueKind.Array && AllowsMany(option)
                ? [.. value.EnumerateArray().Select(item => Text(origin, item))]
                : [Text(origin, value)];

            // The environment comes before the file.
            if (!Origins.ContainsKey(option))
                Add(option, origin, values);
        }
    }

    private void Add(Option option, string origin, string[] values)
    {
        if (IsOnCommandLine(option))
            return;
        if (Origins.TryGetValue(option, out string? other))
            throw new UsageException($"{other} and {origin} are one option; leave one out.");
        foreach (string value in values)
        {
            if (value.Length == 0)
                throw new UsageException($"{origin}: the value of {option.Name} is empty; give one or leave it out.");
            _arguments.Add($"{option.Name}={(option.ValueType == typeof(bool) ? Truth(origin, option, value) : value)}");
        }

        Origins.Add(option, origin);
    }

    private bool IsOnCommandLine(Option option) =>
        _given.GetResult(option) is { Implicit: false }
        || (option.Name == ModelPath && _given.CommandResult.Children.OfType<ArgumentResult>().Any(argument => argument.Tokens.Count > 0));

    /// <summary>The value of an option that was found so far.</summary>
    private string? ValueOf(Option option) =>
        _arguments.FirstOrDefault(argument => argument.StartsWith($"{option.Name}=", StringComparison.Ordinal))?[(option.Name.Length + 1)..];

    private static bool AllowsMany(Option option) => option.Arity.MaximumNumberOfValues > 1;

    private static string Text(string origin, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new UsageException($"{origin} is {ConfigurationFile.Kind(value)}; it must be a string, a number, true or false."),
    };

    private static string Truth(string origin, Option option, string value) => value switch
    {
        "true" or "1" => "true",
        "false" or "0" => "false",
        _ => throw new UsageException($"{origin}: {option.Name} is '{value}'; it must be true or false."),
    };

    private static string Suggestion(string? nearest) => nearest is null ? "." : $"; did you mean {nearest}?";
}
