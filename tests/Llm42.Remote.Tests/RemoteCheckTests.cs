using System.Globalization;
using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;
using Llm42.Cli.RemoteDeterminism;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class RemoteCheckTests
{
    private const string Checked = "the checked prompt";

    [TestMethod]
    public async Task Equal_answers_pass()
    {
        RemoteCheckReport report = await CheckAsync((_, _) => Answer("abcd"));
        Assert.IsTrue(report.IsPass, string.Join('\n', report.Failures));
        Assert.AreEqual("tokens", report.Unit);
        Assert.HasCount(2, report.Rows, "temperature 0, and 0.7");
        foreach (RemoteCheckRow row in report.Rows)
        {
            Assert.AreEqual((6, 1, 1), (row.Row.Runs, row.Row.DistinctTokenIds, row.Row.DistinctOutputs));
            Assert.IsNull(row.Row.FirstMismatch);
        }

        Assert.IsGreaterThan(6, report.Neighbours.Served);
        Assert.HasCount(0, report.Notes);
    }

    [TestMethod]
    [DataRow(3, "abXd", 2, "c", "X")]
    [DataRow(5, "Xbcd", 0, "a", "X")]
    [DataRow(1, "abc", 3, "d", "<length, text ba7816bf8f01cfea>")]
    [DataRow(2, "abcde", 4, "<length, text 88d4266fd4e6338d>", "e")]
    public async Task Mismatch_is_found_where_it_is(int run, string text, int position, string expected, string actual)
    {
        RemoteCheckReport report = await CheckAsync((number, _) => Answer(number == run ? text : "abcd"));
        Assert.IsFalse(report.IsPass);
        CheckRow row = report.Rows[0].Row;
        Assert.AreEqual(2, row.DistinctTokenIds);
        Assert.AreEqual(new FirstMismatch(run, position, expected, actual, IsLogprob: false), row.FirstMismatch);
        StringAssert.Contains(report.Failures[0], $"run {run} first differs from run 0 at token {position}", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Earliest_mismatch_of_all_runs_is_the_first_one()
    {
        RemoteCheckReport report = await CheckAsync((number, _) => Answer(number switch { 2 => "abcX", 4 => "aXcd", 5 => "abXd", _ => "abcd" }));
        Assert.AreEqual((4, 1), (report.Rows[0].Row.FirstMismatch!.Run, report.Rows[0].Row.FirstMismatch!.Position));
        Assert.AreEqual(4, report.Rows[0].Row.DistinctOutputs);
    }

    [TestMethod]
    public async Task One_bit_of_a_log_probability_fails_unless_only_text_is_compared()
    {
        RemoteAnswer Of(int number)
        {
            RemoteAnswer answer = Answer("abcd");
            if (number == 4)
                answer.Logprobs = [-0.25, -0.25, Math.BitIncrement(-0.25), -0.25];
            return answer;
        }

        RemoteCheckReport strict = await CheckAsync((number, _) => Of(number));
        Assert.IsFalse(strict.IsPass);
        CheckRow row = strict.Rows[0].Row;
        Assert.AreEqual((1, 2), (row.DistinctTokenIds, row.DistinctOutputs));
        Assert.AreEqual((4, 2, true), (row.FirstMismatch!.Run, row.FirstMismatch.Position, row.FirstMismatch.IsLogprob));
        StringAssert.Contains(strict.Failures[0], "log-probability of token 2 of run 4", StringComparison.Ordinal);

        RemoteCheckReport text = await CheckAsync((number, _) => Of(number), options => options with { ComparesLogprobs = false });
        Assert.IsTrue(text.IsPass);
    }

    [TestMethod]
    public async Task Characters_are_compared_where_the_server_tells_no_tokens()
    {
        RemoteCheckReport report = await CheckAsync((number, _) =>
            new RemoteAnswer { Text = number == 3 ? "a\ud83d\ude00X" : "a\ud83d\ude00c", FinishReason = "stop" });
        Assert.AreEqual("characters", report.Unit);
        Assert.AreEqual((2, "c", "X"), (report.Rows[0].Row.FirstMismatch!.Position, report.Rows[0].Row.FirstMismatch!.Expected, report.Rows[0].Row.FirstMismatch!.Actual));
        StringAssert.Contains(report.Failures[0], "at character 2", StringComparison.Ordinal);
        StringAssert.Contains(report.Notes[0], "the server gives none", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Texts_that_only_differ_in_bytes_behind_equal_tokens_are_told_apart()
    {
        RemoteCheckReport report = await CheckAsync((number, _) =>
        {
            RemoteAnswer answer = Answer("a\ufffd");
            answer.Text = number == 2 ? "a\u00e9" : "a\u00e8";
            return answer;
        });
        Assert.AreEqual(2, report.Rows[0].Row.FirstMismatch!.Position);
    }

    [TestMethod]
    public async Task Refused_log_probabilities_are_done_without_and_named()
    {
        RemoteCheckReport report = await CheckAsync((_, request) =>
        {
            if (request.HasLogprobs)
                throw new RemoteException(new RemoteError("http_400", "logprobs are not offered"));
            return new RemoteAnswer { Text = "ab", FinishReason = "stop" };
        });
        Assert.IsTrue(report.IsPass);
        StringAssert.Contains(report.Notes[0], "logprobs are not offered", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Run_without_an_answer_fails_and_the_others_are_compared()
    {
        RemoteCheckReport report = await CheckAsync((number, _) =>
            number == 3 ? throw new RemoteException(new RemoteError("reset", "gone")) : Answer("ab"));
        Assert.IsFalse(report.IsPass);
        Assert.AreEqual((5, 6), (report.Rows[0].Row.Runs, report.Rows[0].Runs));
        Assert.AreEqual(3, report.Rows[0].Errors.Single().Run);
        StringAssert.Contains(report.Failures[0], "1 of 6 runs", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Load_that_is_never_served_shows_nothing()
    {
        RemoteCheckReport report = await CheckAsync((_, _) => Answer("ab"), neighbour: () => throw new RemoteException(new RemoteError("http_429", "busy")));
        Assert.IsFalse(report.IsPass);
        StringAssert.Contains(report.Failures[0], "no request of the load was served", StringComparison.Ordinal);
        Assert.AreEqual("http_429", report.Neighbours.Errors.Single().Key);
    }

    [TestMethod]
    [DataRow(null, true, 1)]
    [DataRow(true, true, 0)]
    [DataRow(false, false, 0)]
    public async Task Determinism_that_the_server_denies_fails(bool? says, bool passes, int notes)
    {
        RemoteCheckReport report = await CheckAsync(
            (_, request) =>
            {
                Assert.IsTrue(request.IsDeterministic);
                RemoteAnswer answer = Answer("ab");
                answer.IsDeterministic = says;
                return answer;
            },
            options => options with { IsDeterministic = true });
        Assert.AreEqual(passes, report.IsPass, string.Join('\n', report.Failures));
        Assert.HasCount(notes, report.Notes);
    }

    [TestMethod]
    public async Task Writer_ends_with_the_verdict()
    {
        RemoteCheckReport report = await CheckAsync((number, _) => Answer(number == 3 ? "ax" : "ab"));
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        RemoteCheckReportWriter.Write(report, text);
        string[] lines = text.ToString().TrimEnd().Split('\n');
        StringAssert.StartsWith(lines[^1], "FAIL: 2 distinct outputs in 6 runs of prompt 0 at temperature 0.7;", StringComparison.Ordinal);
        Assert.IsTrue(lines.Any(line => line.StartsWith("mode ", StringComparison.Ordinal) && line.Contains("first mismatch", StringComparison.Ordinal)));
    }

    private static async Task<RemoteCheckReport> CheckAsync(
        Func<int, RemoteRequest, RemoteAnswer> answer, Func<RemoteCheckOptions, RemoteCheckOptions>? change = null, Func<RemoteAnswer>? neighbour = null)
    {
        var options = new RemoteCheckOptions
        {
            Check = new CheckOptions { PromptIds = [], Runs = 6, Tokens = 4, Neighbours = 5 },
            Prompts = [new RemotePrompt { Text = Checked }],
        };
        options = change?.Invoke(options) ?? options;
        int runs = -1;
        var server = new ScriptedServer(request =>
        {
            // The probe asks for one token.
            if (request.Prompt.Text == Checked)
                return Task.FromResult(answer(request.MaxTokens == 1 ? 0 : ++runs % options.Check.Runs, request));
            return Task.FromResult(neighbour?.Invoke() ?? Answer("xyz"));
        });
        return await new RemoteCheck(server, options, new NoProgress()).RunAsync("http://h/v1/", "m", default);
    }

    private static RemoteAnswer Answer(string text) => new()
    {
        Text = text,
        Tokens = [.. text.Select(character => character.ToString())],
        Logprobs = [.. text.Select(_ => -0.25)],
        FinishReason = "length",
    };

    private sealed class NoProgress : ICheckProgress
    {
        public void Begin(string stage, int steps)
        {
        }

        public void Step()
        {
        }
    }
}
