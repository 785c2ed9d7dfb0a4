using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class AnswerReaderTests
{
    [TestMethod]
    public void Completion_with_everything_is_read()
    {
        var reader = new AnswerReader();
        Assert.AreEqual(2, Read(reader, """{"system_fingerprint":"f","choices":[{"text":"ab","logprobs":{"tokens":["a","b"],"token_logprobs":[-1.5,null]}}]}""", 5));
        Assert.AreEqual(1, Read(reader, """{"choices":[{"text":"c"}]}""", 7));
        Assert.AreEqual(0, Read(reader, """{"choices":[{"text":"","finish_reason":"stop"}]}""", 8));
        Assert.AreEqual(0, Read(reader, """{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2}},"llm42":{"is_deterministic":true,"verification_windows":5,"rollbacks":1,"tokens_rolled_back":9}}""", 9));
        Assert.IsFalse(reader.IsDone);
        Assert.AreEqual(0, reader.Read(new SseEvent("message", "[DONE]"), 10));
        Assert.IsTrue(reader.IsDone);
        RemoteAnswer answer = reader.Finish(1, 11);
        Assert.AreEqual("abc", answer.Text);
        CollectionAssert.AreEqual(new[] { "a", "b" }, answer.Tokens.ToArray());
        CollectionAssert.AreEqual(new[] { -1.5, double.NaN }, answer.Logprobs.ToArray());
        CollectionAssert.AreEqual(new long[] { 5, 7 }, answer.PieceTimes.ToArray());
        Assert.AreEqual("stop", answer.FinishReason);
        Assert.AreEqual("f", answer.SystemFingerprint);
        Assert.AreEqual((4, 3, 2), (answer.PromptTokens, answer.CompletionTokens, answer.CachedTokens));
        Assert.AreEqual(new VerificationCounts(5, 1, 9), answer.Verification);
        Assert.IsTrue(answer.IsDeterministic);
        Assert.AreEqual((1L, 11L), (answer.SentAt, answer.EndedAt));
    }

    [TestMethod]
    public void Chat_with_reasoning_and_calls_is_read()
    {
        var reader = new AnswerReader();
        Assert.AreEqual(0, Read(reader, """{"choices":[{"delta":{"role":"assistant","content":""}}]}"""), "a role is no token");
        Assert.AreEqual(1, Read(reader, """{"choices":[{"delta":{"reasoning_content":"r"}}]}"""));
        Assert.AreEqual(1, Read(reader, """{"choices":[{"delta":{"content":"x"},"logprobs":{"content":[{"token":"x","logprob":-2}]}}]}"""));
        Assert.AreEqual(1, Read(reader, """{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}"""));
        Assert.AreEqual(2, Read(reader, """{"choices":[{"delta":{"content":"yz"},"token_ids":[7,8],"finish_reason":"tool_calls"}]}"""));
        RemoteAnswer answer = reader.Finish(0, 0);
        Assert.AreEqual("rxf{}yz", answer.Text);
        CollectionAssert.AreEqual(new[] { "7", "8" }, answer.Tokens.ToArray(), "ids are more exact than texts");
    }

    [TestMethod]
    [DataRow("""{"error":{"message":"out of memory","code":500}}""", "server_error", "out of memory")]
    [DataRow("""{"error":"overloaded"}""", "server_error", "overloaded")]
    [DataRow("{\"choi", "malformed", "no JSON")]
    [DataRow("[1]", "malformed", "Array")]
    [DataRow("""{"choices":[{"finish_reason":7}]}""", "malformed", "another type")]
    [DataRow("""{"choices":[7],"usage":{"prompt_tokens":1.5}}""", "malformed", "another type")]
    [DataRow("""{"usage":{"prompt_tokens":"many"}}""", "malformed", "another type")]
    public void Events_that_are_no_answer_are_named(string data, string kind, string words)
    {
        RemoteException error = Assert.ThrowsExactly<RemoteException>(() => Read(new AnswerReader(), data));
        Assert.AreEqual(kind, error.Error.Kind);
        StringAssert.Contains(error.Message, words, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Error_by_the_name_of_its_event_need_not_be_JSON()
    {
        RemoteException error = Assert.ThrowsExactly<RemoteException>(() => new AnswerReader().Read(new SseEvent("error", "gone"), 0));
        Assert.AreEqual(("server_error", "gone."), (error.Error.Kind, error.Message));
    }

    [TestMethod]
    public void Answer_without_an_end_is_incomplete()
    {
        var reader = new AnswerReader();
        Read(reader, """{"choices":[{"text":"a"}]}""");
        Assert.AreEqual("incomplete", Assert.ThrowsExactly<RemoteException>(() => reader.Finish(0, 0)).Error.Kind);
    }

    private static int Read(AnswerReader reader, string data, long time = 0) => reader.Read(new SseEvent("message", data), time);
}
