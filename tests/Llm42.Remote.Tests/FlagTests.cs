using System.CommandLine;
using Llm42.Cli.Commands;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class FlagTests
{
    [TestMethod]
    [DataRow("--threads", "check", "--base-url", "http://127.0.0.1:1", "--threads", "1")]
    [DataRow("--model names one", "check", "demo", "--base-url", "http://127.0.0.1:1")]
    [DataRow("--deterministic is given without --base-url", "check", "demo", "--deterministic")]
    [DataRow("--base-url is 'h'", "check", "--base-url", "h")]
    [DataRow("--extra-body is no JSON", "check", "--base-url", "http://127.0.0.1:1", "--extra-body", "{")]
    [DataRow("--extra-body must be", "check", "--base-url", "http://127.0.0.1:1", "--extra-body", "[]")]
    [DataRow("token ids are no chat", "check", "--base-url", "http://127.0.0.1:1", "--prompt-ids", "1,2", "--endpoint", "chat")]
    [DataRow("no server is given", "bench", "serve")]
    [DataRow("give one of them", "bench", "serve", "--base-url", "http://127.0.0.1:1", "--request-rate", "1", "--concurrency", "2")]
    [DataRow("must be N for", "bench", "serve", "--base-url", "http://127.0.0.1:1", "--input-length", "x")]
    [DataRow("must end in .html or .svg", "bench", "serve", "--base-url", "http://127.0.0.1:1", "--report", "x.pdf")]
    public async Task Senseless_flags_are_refused(string words, params string[] arguments)
    {
        (int status, string error) = await RunAsync(arguments);
        Assert.AreEqual(2, status, error);
        StringAssert.Contains(error, words, StringComparison.Ordinal);
        Assert.IsFalse(error.Contains('\n', StringComparison.Ordinal), error);
    }

    [TestMethod]
    [DataRow("check", "--base-url", "http://127.0.0.1:1", "--api-key", "sk-shown")]
    [DataRow("bench", "serve", "--base-url", "http://127.0.0.1:1", "--api-key=sk-shown")]
    public async Task Key_on_the_command_line_is_refused_and_not_repeated(params string[] arguments)
    {
        (int status, string error) = await RunAsync(arguments);
        Assert.AreEqual(2, status, error);
        StringAssert.Contains(error, "--api-key-file", StringComparison.Ordinal);
        Assert.IsFalse(error.Contains("sk-shown", StringComparison.Ordinal), error);
    }

    /// <summary>What the program does with a command line, without a process.</summary>
    private static async Task<(int Status, string Error)> RunAsync(string[] arguments)
    {
        var root = new Command("llm42") { CheckCommand.Create(), BenchCommand.Create() };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
            return (2, parsed.Errors[0].Message);
        TextWriter before = Console.Error;
        using var error = new StringWriter();
        Console.SetError(error);
        try
        {
            return (await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }), error.ToString().TrimEnd());
        }
        finally
        {
            Console.SetError(before);
        }
    }
}
