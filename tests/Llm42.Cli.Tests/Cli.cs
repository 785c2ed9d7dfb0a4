using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>The built command.</summary>
internal static class Cli
{
    public static Task<Run> RunAsync(params string[] arguments) => Run.ProgramAsync(RepositoryRoot.Command, arguments);

    public static Task<Run> RunWithInputAsync(string input, params string[] arguments) =>
        Run.ProgramAsync(RepositoryRoot.Command, arguments, input);

    /// <summary>Runs a command that must succeed and leave one JSON text, and nothing else, on standard output.</summary>
    public static async Task<JsonNode> JsonAsync(params string[] arguments)
    {
        Run run = await RunAsync([.. arguments, "--json"]).ConfigureAwait(false);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        return Parse(run);
    }

    public static JsonNode Parse(Run run)
    {
        Assert.AreEqual(1, run.Output.Count(character => character == '\n'), run.ToString());
        return JsonNode.Parse(run.Output) ?? throw new AssertFailedException(run.ToString());
    }

    public static int[] Integers(JsonNode? node) => [.. node!.AsArray().Select(item => item!.GetValue<int>())];

    public static string[] Keys(JsonNode? node) => [.. node!.AsObject().Select(pair => pair.Key)];

    /// <summary>Fails unless the run ended with that status, an empty standard output and one line that holds the words.</summary>
    public static void AssertRefused(Run run, int exitCode, params string[] words)
    {
        Assert.AreEqual(exitCode, run.ExitCode, run.ToString());
        Assert.AreEqual("", run.Output, run.ToString());
        string error = run.Error.TrimEnd('\n');
        Assert.IsFalse(error.Contains('\n', StringComparison.Ordinal), run.ToString());
        foreach (string word in words)
            StringAssert.Contains(error, word, StringComparison.Ordinal);
    }
}
