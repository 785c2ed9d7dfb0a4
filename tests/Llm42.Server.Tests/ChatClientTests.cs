using System.ClientModel;
using System.Text;
using OpenAI.Chat;

namespace Llm42.Server.Tests;

/// <summary>OpenAI's client for .NET against the embedded model.</summary>
[TestClass]
public sealed class ChatClientTests
{
    private const string Prompt = "<user>Who made the heaven?\n<assistant>";

    private static TestServer _server = null!;

    private static readonly ChatMessage[] Messages = [new UserChatMessage("Who made the heaven?")];

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) =>
        _server = await TestServer.StartAsync(engineOptions: new InferenceEngineOptions { PlannedThreads = 64 });

    [ClassCleanup]
    public static async Task StopAsync() => await _server.DisposeAsync();

    [TestMethod]
    public async Task A_chat_is_answered_as_the_engine_answers_its_prompt()
    {
        GenerationResult expected = await AskEngineAsync(new GenerationOptions { IsDeterministic = true, MaxTokens = 24 });
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address, isDeterministic: true)
            .CompleteChatAsync(Messages, new ChatCompletionOptions { MaxOutputTokenCount = 24 });
        Assert.AreEqual(expected.Text, answer.Content.Single().Text);
        Assert.AreEqual(ChatFinishReason.Length, answer.FinishReason);
        Assert.AreEqual(ChatMessageRole.Assistant, answer.Role);
        Assert.AreEqual("demo", answer.Model);
        Assert.AreEqual(24, answer.Usage.OutputTokenCount);
        Assert.AreEqual(expected.Usage.PromptTokens, answer.Usage.InputTokenCount);
        Assert.IsNotNull(answer.Usage.InputTokenDetails);
        StringAssert.Contains(answer.SystemFingerprint, _server.Engine.Engine.Fingerprint[..16]);
    }

    [TestMethod]
    public async Task A_streamed_chat_is_the_same_answer()
    {
        GenerationResult expected = await AskEngineAsync(new GenerationOptions { IsDeterministic = true, MaxTokens = 40, Temperature = 0.9f, Seed = 11 });
        var text = new StringBuilder();
        ChatMessageRole? role = null;
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
#pragma warning disable OPENAI001 // Seeds are called experimental there.
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 40, Temperature = 0.9f, Seed = 11 };
#pragma warning restore OPENAI001
        await foreach (StreamingChatCompletionUpdate update in OpenAiClient.Chat(_server.Address, isDeterministic: true)
            .CompleteChatStreamingAsync(Messages, options))
        {
            role ??= update.Role;
            reason ??= update.FinishReason;
            usage ??= update.Usage;
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
        }
        Assert.AreEqual(expected.Text, text.ToString());
        Assert.AreEqual(ChatMessageRole.Assistant, role);
        Assert.AreEqual(ChatFinishReason.Length, reason);
        Assert.AreEqual(40, usage?.OutputTokenCount);
    }

    [TestMethod]
    public async Task Log_probabilities_are_the_engines_bit_for_bit_with_the_bytes_of_the_tokens()
    {
        GenerationResult expected = await AskEngineAsync(new GenerationOptions { IsDeterministic = true, MaxTokens = 12, TopLogprobs = 3 });
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address, isDeterministic: true).CompleteChatAsync(
            Messages, new ChatCompletionOptions { MaxOutputTokenCount = 12, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 });
        CollectionAssert.AreEqual(
            expected.Tokens.Select(token => BitConverter.SingleToInt32Bits(token.Logprob)).ToArray(),
            answer.ContentTokenLogProbabilities.Select(token => BitConverter.SingleToInt32Bits(token.LogProbability)).ToArray());
        CollectionAssert.AreEqual(
            expected.Tokens.SelectMany(token => token.Top!.Select(top => BitConverter.SingleToInt32Bits(top.Logprob))).ToArray(),
            answer.ContentTokenLogProbabilities.SelectMany(token => token.TopLogProbabilities.Select(top => BitConverter.SingleToInt32Bits(top.LogProbability))).ToArray());
        Assert.AreEqual(
            expected.Text, Encoding.UTF8.GetString([.. answer.ContentTokenLogProbabilities.SelectMany(token => token.Utf8Bytes!.Value.ToArray())]));
    }

    [TestMethod]
    public async Task Deterministic_answers_amid_load_are_the_idle_engines()
    {
        GenerationResult expected = await AskEngineAsync(new GenerationOptions { IsDeterministic = true, MaxTokens = 48, Temperature = 0.8f, Seed = 3 });
#pragma warning disable OPENAI001
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 48, Temperature = 0.8f, Seed = 3, IncludeLogProbabilities = true };
#pragma warning restore OPENAI001
        ChatClient ordinary = OpenAiClient.Chat(_server.Address);
        Task[] load = [.. Enumerable.Range(0, 12).Select(i => (Task)ordinary.CompleteChatAsync(
            [new UserChatMessage($"Tell of {i}")], new ChatCompletionOptions { MaxOutputTokenCount = 20 + (i * 7), Temperature = 1 }))];
        ChatClient deterministic = OpenAiClient.Chat(_server.Address, isDeterministic: true);
        ClientResult<ChatCompletion>[] answers = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => deterministic.CompleteChatAsync(Messages, options)));
        await Task.WhenAll(load);
        foreach (ChatCompletion answer in answers)
        {
            Assert.AreEqual(expected.Text, answer.Content.Single().Text);
            CollectionAssert.AreEqual(
                expected.Tokens.Select(token => BitConverter.SingleToInt32Bits(token.Logprob)).ToArray(),
                answer.ContentTokenLogProbabilities.Select(token => BitConverter.SingleToInt32Bits(token.LogProbability)).ToArray());
        }
    }

    [TestMethod]
    public async Task Without_a_limit_an_answer_may_take_what_the_context_leaves()
    {
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages);
        Assert.IsTrue(
            answer.FinishReason == ChatFinishReason.Stop || answer.Usage.TotalTokenCount == _server.Engine.Model.MaxContext,
            $"{answer.FinishReason} behind {answer.Usage.TotalTokenCount} tokens");
    }

    [TestMethod]
    public async Task Errors_have_their_status_and_name_the_field()
    {
        ClientResultException unknown = await Assert.ThrowsExactlyAsync<ClientResultException>(
            () => OpenAiClient.Chat(_server.Address, model: "other").CompleteChatAsync(Messages));
        Assert.AreEqual(404, unknown.Status);
        StringAssert.Contains(unknown.Message, "model_not_found");
        ClientResultException wrong = await Assert.ThrowsExactlyAsync<ClientResultException>(
            () => OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages, new ChatCompletionOptions { Temperature = 400 }));
        Assert.AreEqual(400, wrong.Status);
        StringAssert.Contains(wrong.Message, "temperature");
        ClientResultException image = await Assert.ThrowsExactlyAsync<ClientResultException>(() => OpenAiClient.Chat(_server.Address)
            .CompleteChatAsync([new UserChatMessage(ChatMessageContentPart.CreateImagePart(new Uri("http://localhost/x.png")))]));
        Assert.AreEqual(400, image.Status);
        StringAssert.Contains(image.Message, "image_url");
    }

    [TestMethod]
    public async Task A_prompt_that_does_not_fit_is_refused()
    {
        ClientResultException error = await Assert.ThrowsExactlyAsync<ClientResultException>(() => OpenAiClient.Chat(_server.Address)
            .CompleteChatAsync([new UserChatMessage(string.Join(' ', Enumerable.Repeat("heaven", 2000)))]));
        Assert.AreEqual(400, error.Status);
    }

    [TestMethod]
    public async Task Models_are_listed_and_looked_up()
    {
        var models = OpenAiClient.Models(_server.Address);
        Assert.AreEqual("demo", (await models.GetModelsAsync()).Value.Single().Id);
        Assert.AreEqual("llm42", (await models.GetModelAsync("demo")).Value.OwnedBy);
        Assert.AreEqual(404, (await Assert.ThrowsExactlyAsync<ClientResultException>(() => models.GetModelAsync("other"))).Status);
    }

    private static async Task<GenerationResult> AskEngineAsync(GenerationOptions options) =>
        await _server.Engine.CompleteAsync(Prompt, options with { AddSpecialTokens = false });
}
