namespace Llm42.Tests.Engine;

/// <summary>Requests that cannot be answered say why.</summary>
[TestClass]
public sealed class RequestErrorTests
{
    [TestMethod]
    public async Task An_empty_prompt() => await Refused(
        engine => engine.CompleteAsync(""), "The prompt has no tokens: the text is empty");

    [TestMethod]
    public async Task No_prompt_ids() => await Refused(
        engine => engine.CompleteAsync(Array.Empty<int>()), "The prompt has no tokens");

    [TestMethod]
    [DataRow(27)]
    [DataRow(-1)]
    public async Task An_id_outside_the_vocabulary(int id) => await Refused(
        engine => engine.CompleteAsync([0, id]), $"Prompt token 1 is {id}; the vocabulary has 0..26");

    [TestMethod]
    public async Task A_prompt_beyond_the_context() => await Refused(
        engine => engine.CompleteAsync(new int[1000]), "The prompt has 1000 tokens; the context holds 1000");

    [TestMethod]
    public async Task An_empty_stop_string() => await Refused(
        engine => engine.CompleteAsync("a", new GenerationOptions { Stop = ["x", ""] }), "Stop string 1 is empty");

    [TestMethod]
    public async Task A_temperature_out_of_range() => await Refused(
        engine => engine.CompleteAsync("a", new GenerationOptions { Temperature = -1 }), "temperature is -1");

    [TestMethod]
    public async Task A_repetition_penalty_out_of_range() => await Refused(
        engine => engine.CompleteAsync("a", new GenerationOptions { RepetitionPenalty = 0 }), "repetition_penalty is 0; it must be above 0");

    [TestMethod]
    public async Task A_bias_outside_the_vocabulary() => await Refused(
        engine => engine.CompleteAsync("a", new GenerationOptions { LogitBias = new Dictionary<int, float> { [27] = 1 } }),
        "logit_bias names token 27; the vocabulary has 0..26");

    [TestMethod]
    [DataRow(0)]
    [DataRow(129)]
    public async Task A_number_of_answers_out_of_range(int n) => await Refused(
        engine => engine.CompleteAllAsync("a", new GenerationOptions { N = n }), $"n is {n}; it must be 1..128");

    [TestMethod]
    public async Task Several_answers_where_one_is_given() => await Refused(
        engine => engine.CompleteAsync("a", new GenerationOptions { N = 2 }), "n is 2; CompleteAsync gives one answer. Use CompleteAllAsync");

    [TestMethod]
    public async Task Too_many_logprobs() => await Refused(
        engine => engine.CompleteAsync("a", new GenerationOptions { TopLogprobs = 28 }), "top_logprobs is 28; it must be 0..27");

    [TestMethod]
    public async Task A_score_beyond_the_context() => await Refused(
        engine => engine.ScoreAsync(new int[1001]), "The prompt has 1001 tokens; the context holds 1000");

    private static async Task Refused(Func<InferenceEngine, Task> request, string expected)
    {
        await using var engine = FakeEngine.Alphabet(out _);
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(() => request(engine));
        Assert.Contains(expected, error.Message);
    }
}
