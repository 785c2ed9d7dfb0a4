using Llm42.Core.Requests;
using Llm42.Generation;
using Llm42.Models;
using Llm42.Tests.Engine;

namespace Llm42.Tests.Generation;

/// <summary>What a request leaves open is the model's, what it says goes before.</summary>
[TestClass]
public sealed class RequestBuilderTests
{
    private static readonly GenerationDefaults Defaults = new()
    {
        Temperature = 0.6f,
        TopP = 0.9f,
        TopK = 20,
        MinP = 0.1f,
        RepetitionPenalty = 1.05f,
        MaxNewTokens = 12,
        StopStrings = ["x"],
    };

    private static readonly SamplingParameters OfModel = new()
    {
        Temperature = 0.6f, TopP = 0.9f, TopK = 20, MinP = 0.1f, RepetitionPenalty = 1.05f,
    };

    [TestMethod]
    public void A_silent_request_takes_the_defaults()
    {
        var request = Build(Defaults, new GenerationOptions());
        Assert.AreEqual(OfModel, request.Sampling);
        Assert.AreEqual(12, request.MaxTokens);
        Assert.IsNotNull(request.TextStop);
    }

    [TestMethod]
    public void Each_value_can_be_switched_off()
    {
        (GenerationOptions Options, SamplingParameters Expected)[] cases =
        [
            (new() { Temperature = 0 }, OfModel with { Temperature = 0 }),
            (new() { TopP = 1 }, OfModel with { TopP = 1 }),
            (new() { TopK = 0 }, OfModel with { TopK = 0 }),
            (new() { MinP = 0 }, OfModel with { MinP = 0 }),
            (new() { RepetitionPenalty = 1 }, OfModel with { RepetitionPenalty = 1 }),
        ];
        foreach (var (options, expected) in cases)
            Assert.AreEqual(expected, Build(Defaults, options).Sampling);
        Assert.AreEqual(3, Build(Defaults, new() { MaxTokens = 3 }).MaxTokens);
        Assert.AreEqual(0, Build(Defaults, new() { MaxTokens = 0 }).MaxTokens);
        Assert.IsNull(Build(Defaults, new() { Stop = [] }).TextStop);
    }

    [TestMethod]
    public void A_temperature_samples_where_the_model_is_greedy_by_default()
    {
        var greedy = Defaults with { Temperature = 0 };
        Assert.AreEqual(OfModel with { Temperature = 0 }, Build(greedy, new()).Sampling);
        Assert.AreEqual(OfModel with { Temperature = 0.7f }, Build(greedy, new() { Temperature = 0.7f }).Sampling);
    }

    [TestMethod]
    public void Every_default_that_is_read_makes_a_valid_request()
    {
        foreach (var text in (string[])["0", "0.000001", "0.0099", "0.01", "100"])
        {
            using var directory = new TemporaryDirectory();
            directory.Write(GenerationDefaults.FileName, $$"""{"do_sample":true,"temperature":{{text}},"top_p":{{(text == "0" ? "0" : "1e-300")}},"repetition_penalty":1e-6}""");
            Build(GenerationDefaults.Read(directory.Path, 100), new()).Sampling.Validate();
        }
    }

    [TestMethod]
    public void Stop_strings_of_the_model_need_a_tokenizer_unless_they_are_switched_off()
    {
        var builder = new RequestBuilder(null, Defaults, new HashSet<int>());
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => builder.Build([1], new()));
        Assert.Contains("leave Stop empty", error.Message);
        Assert.IsNull(builder.Build([1], new() { Stop = [] })[0].TextStop);
    }

    private static GenerationRequest Build(GenerationDefaults defaults, GenerationOptions options) =>
        new RequestBuilder(new LetterTokenizer(), defaults, new HashSet<int>()).Build([1, 2], options)[0];
}
