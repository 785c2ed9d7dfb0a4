using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.Cli.Commands;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Server.Tests.Options;

/// <summary>Each option of `llm42 serve` from the command line, the environment and a file.</summary>
[TestClass]
public sealed class OptionSourceTests
{
    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"llm42-test-{Guid.NewGuid():N}.json");

    [TestCleanup]
    public void Delete() => File.Delete(_file);

    [TestMethod]
    public void Every_option_is_taken_from_every_place()
    {
        Command serve = Root().Subcommands.Single();
        IReadOnlyList<Option> options = OptionNames.OptionsOf(serve);
        Assert.AreEqual(serve.Options.Count(option => option is not HelpOption) + 1, options.Count, "All of its own, and --verbose.");
        foreach (Option option in options.Where(option => option.Name != "--config"))
        {
            (string first, string second) = ValuesOf(option);
            object? expected = Value(Parse(["serve", $"{option.Name}={first}"], Nothing), option.Name);
            object? other = Value(Parse(["serve", $"{option.Name}={second}"], Nothing), option.Name);
            Assert.AreNotEqual(Text(expected), Text(other), option.Name);
            foreach ((string variable, string key) in OptionNames.Variables(option).Zip(OptionNames.Keys(option)))
            {
                var environment = new Dictionary<string, string> { [variable] = first };
                Assert.AreEqual(Text(expected), Text(Value(Parse(["serve"], environment), option.Name)), variable);
                Assert.AreEqual(Text(expected), Text(Value(ParseWithFile(key, first, Nothing), option.Name)), key);

                // The command line comes before the environment, and that before the file.
                Assert.AreEqual(Text(other), Text(Value(Parse(["serve", $"{option.Name}={second}"], environment), option.Name)), variable);
                Assert.AreEqual(Text(expected), Text(Value(ParseWithFile(key, second, environment), option.Name)), key);
                Assert.AreEqual(Text(other), Text(Value(ParseWithFile(key, first, Nothing, $"{option.Name}={second}"), option.Name)), key);
            }
        }
    }

    [TestMethod]
    public void Variables_are_named_after_their_options()
    {
        string[] variables = [.. OptionNames.OptionsOf(Root().Subcommands.Single()).SelectMany(OptionNames.Variables)];
        CollectionAssert.AllItemsAreUnique(variables);
        foreach (string variable in (string[])["LLM42_PORT", "LLM42_WINDOW", "LLM42_WINDOW_SIZE", "LLM42_VERIFY_BATCH_SIZE", "LLM42_ENABLE_LLM42", "LLM42_CONFIG", "LLM42_VERBOSE"])
            CollectionAssert.Contains(variables, variable);
        CollectionAssert.DoesNotContain(variables, ServerFlags.ApiKeyVariable, "No option holds a key.");
    }

    [TestMethod]
    public void Published_names_are_taken_from_a_file()
    {
        File.WriteAllText(_file, """
            {
              // As it was published.
              "model-path": "demo", "enable-llm42": 3, "llm42-window-size": 32, "llm42-verify-batch-size": 4, "random-seed": 42, "port": 0,
              "cors-origin": ["https://a.example", "https://b.example"], "insecure": true,
            }
            """);
        ParseResult parsed = Parse(["serve", "--config", _file], Nothing);
        Assert.AreEqual(0, parsed.Errors.Count);
        Assert.AreEqual(32, Value(parsed, "--window"));
        Assert.AreEqual(4, Value(parsed, "--verify-group"));
        CollectionAssert.AreEqual(new[] { "https://a.example", "https://b.example" }, (string[])Value(parsed, "--cors-origin")!);
        Assert.AreEqual(true, Value(parsed, "--insecure"));
    }

    [TestMethod]
    public void Model_of_the_command_line_takes_the_place_of_the_variable() =>
        Assert.IsNull(Value(Parse(["serve", "demo"], new Dictionary<string, string> { ["LLM42_MODEL_PATH"] = "elsewhere" }), "--model-path"));

    [TestMethod]
    public void Options_are_complete_in_spite_of_the_end_of_options() =>
        Assert.AreEqual(7, Value(Parse(["serve", "--", "demo"], new Dictionary<string, string> { ["LLM42_WINDOW"] = "7" }), "--window"));

    [TestMethod]
    [DataRow("""{"windw": 3}""", "\"windw\"", "did you mean window?")]
    [DataRow("""{"kestrel": {}}""", "\"kestrel\"", "did you mean Kestrel?")]
    [DataRow("""{"something-else": 3}""", "\"something-else\"", "no option.")]
    [DataRow("""{"config": "x"}""", "\"config\"", "no option")]
    [DataRow("""{"api-key": "secret"}""", "\"api-key\"", "no option")]
    [DataRow("""{"window": 3, "window": 4}""", "\"window\" twice", "")]
    [DataRow("""{"window": 3, "llm42-window-size": 4}""", "\"llm42-window-size\"", "one option")]
    [DataRow("""{"window": null}""", "\"window\" is null", "must be")]
    [DataRow("""{"window": [3]}""", "\"window\" is an array", "must be")]
    [DataRow("""{"insecure": "maybe"}""", "\"insecure\"", "true or false")]
    [DataRow("""{"host": ""}""", "\"host\"", "empty")]
    [DataRow("""{"Kestrel": 3}""", "\"Kestrel\" in", "an object")]
    [DataRow("[]", "holds an array", "an object")]
    [DataRow("{", "not valid JSON", "")]
    public void Wrong_file_is_refused(string text, string named, string way)
    {
        File.WriteAllText(_file, text);
        UsageException error = Assert.ThrowsExactly<UsageException>(() => Parse(["serve", "--config", _file], Nothing));
        foreach (string word in (string[])[_file, named, way])
            StringAssert.Contains(error.Message, word, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Missing_file_is_refused() => StringAssert.Contains(
        Assert.ThrowsExactly<UsageException>(() => Parse(["serve"], new Dictionary<string, string> { ["LLM42_CONFIG"] = _file })).Message, _file, StringComparison.Ordinal);

    [TestMethod]
    public void Wrong_values_are_refused_with_their_place()
    {
        OptionSources sources = Read(["serve"], new Dictionary<string, string> { ["LLM42_WINDOW_SIZE"] = "0" }, out ParseResult parsed);
        StringAssert.StartsWith(sources.Describe(parsed.Errors[0]), "LLM42_WINDOW_SIZE: --window is '0'", StringComparison.Ordinal);
        File.WriteAllText(_file, """{"port": "x"}""");
        sources = Read(["serve", "--config", _file], Nothing, out parsed);
        StringAssert.StartsWith(sources.Describe(parsed.Errors[0]), $"{_file}, \"port\": --port is 'x'", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Two_variables_of_one_option_are_refused() => StringAssert.Contains(
        Assert.ThrowsExactly<UsageException>(() => Parse(["serve"], new Dictionary<string, string> { ["LLM42_WINDOW"] = "3", ["LLM42_WINDOW_SIZE"] = "4" })).Message,
        "LLM42_WINDOW and LLM42_WINDOW_SIZE", StringComparison.Ordinal);

    [TestMethod]
    public void Unknown_variables_are_warned_of()
    {
        var environment = new Dictionary<string, string> { ["LLM42_WINDWO"] = "3", ["LLM42_SHARED"] = "x", ["LLM42_REQUIRE_GPU"] = "1", ["PATH"] = "x", ["LLM42_PORT"] = "" };
        OptionSources sources = Read(["serve"], environment, out ParseResult parsed);
        StringAssert.Contains(sources.Warnings.Single(), "LLM42_WINDWO", StringComparison.Ordinal);
        StringAssert.Contains(sources.Warnings.Single(), "did you mean LLM42_WINDOW?", StringComparison.Ordinal);
        Assert.IsNull(Value(parsed, "--port"), "An empty variable says nothing.");
    }

    [TestMethod]
    public void Help_and_other_commands_look_at_nothing()
    {
        var environment = new Dictionary<string, string> { ["LLM42_CONFIG"] = _file };
        Assert.IsNull(OptionSources.Read(Root().Parse(["serve", "--help"]), environment));
        var root = new Command("llm42") { InfoCommand.Create() };
        Assert.IsNull(OptionSources.Read(root.Parse(["info", "demo"]), environment));
    }

    private static Command Root() => new("llm42") { ServeCommand.Create(), CommandGuard.Verbose, new HelpOption() };

    private static OptionSources Read(string[] arguments, IReadOnlyDictionary<string, string> environment, out ParseResult completed)
    {
        Command root = Root();
        OptionSources sources = OptionSources.Read(root.Parse(arguments), environment)!;
        completed = root.Parse(sources.Complete(arguments));
        return sources;
    }

    private static ParseResult Parse(string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        Read(arguments, environment, out ParseResult completed);
        return completed;
    }

    private ParseResult ParseWithFile(string key, string value, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // As a number or a word of JSON where it is one.
        JsonNode node = value is "true" or "false" || double.TryParse(value, out _) ? JsonNode.Parse(value)! : JsonValue.Create(value);
        File.WriteAllText(_file, new JsonObject { [key] = node }.ToJsonString());
        return Parse(["serve", "--config", _file, .. arguments], environment);
    }

    private static object? Value(ParseResult parsed, string option)
    {
        Assert.AreEqual(0, parsed.Errors.Count, string.Join(' ', parsed.Errors));
        Option found = OptionNames.OptionsOf(parsed.CommandResult.Command).Single(each => each.Name == option);
        return parsed.GetResult(found)?.GetValueOrDefault<object>();
    }

    private static string Text(object? value) => JsonSerializer.Serialize(value);

    /// <summary>Two values that an option takes, by what its help says of them.</summary>
    private static (string First, string Second) ValuesOf(Option option) => option.HelpName switch
    {
        _ when option.ValueType == typeof(bool) => ("true", "false"),
        "N" => ("1", "2"),
        "X" => ("3", "2.5"),
        { } words when words.Contains('|', StringComparison.Ordinal) => (words.Split('|')[0], words.Split('|')[1]),
        _ => ("one", "two"),
    };
}
