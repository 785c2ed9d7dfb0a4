using System.Text.Json.Nodes;
using Llm42.Models;
using Llm42.Models.Rope;

namespace Llm42.Tests.Models;

/// <summary>Rotary position embedding as config.json describes it.</summary>
[TestClass]
public sealed class RopeConfigTests
{
    [TestMethod]
    public void Scaling_is_read_in_every_spelling()
    {
        var linear = RopeConfig.Of(10000, 4, new LinearScaling(4));
        AreEqual(linear, Read("rope_scaling", """{"type":"linear","factor":4}""").Rope);
        AreEqual(linear, Read("rope_scaling", """{"rope_type":"linear","factor":4.0}""").Rope);
        AreEqual(
            RopeConfig.Of(500, 4, new LinearScaling(4)),
            Read("rope_parameters", """{"rope_type":"linear","factor":4,"rope_theta":500}""").Rope);
        AreEqual(
            RopeConfig.Of(10000, 4, new Llama3Scaling(8, 1, 4, 64)),
            Read(
                "rope_scaling",
                """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":64}""")
                .Rope);
        AreEqual(RopeConfig.Of(10000, 4, RopeScaling.None), Read("rope_scaling", """{"type":"default"}""").Rope);
    }

    [TestMethod]
    public void Yarn_keeps_fast_pairs_divides_slow_ones_and_grows_cosines()
    {
        var plain = RopeConfig.Of(10000, 128, RopeScaling.None);
        var yarn = RopeConfig.Of(10000, 128, Yarn(isTruncated: true));

        // Pair i makes 4096 / (2 pi 10000^(2i/128)) turns: 32 of them at i = 20.9, one at i = 45.03.
        for (var i = 0; i <= 20; i++)
            Assert.AreEqual(plain.Frequencies[i], yarn.Frequencies[i], $"pair {i}");
        for (var i = 46; i < 64; i++)
            Assert.AreEqual(plain.Frequencies[i] / 4, yarn.Frequencies[i], $"pair {i}");
        for (var i = 21; i < 46; i++)
        {
            var share = (i - 20) / 26.0;
            var expected = (plain.Frequencies[i] / 4 * share) + (plain.Frequencies[i] * (1 - share));
            Assert.AreEqual(expected, yarn.Frequencies[i], 1e-15, $"pair {i}");
        }
        Assert.AreEqual((0.1 * Math.Log(4)) + 1, yarn.Amplitude, 1e-15);

        var real = RopeConfig.Of(10000, 128, Yarn(isTruncated: false));
        Assert.AreNotEqual(yarn.Frequencies[30], real.Frequencies[30]);

        var row = new float[128];
        RopeTable.Fill(yarn, 0, row);
        Assert.AreEqual((float)yarn.Amplitude, row[0]);
    }

    [TestMethod]
    public void Yarn_is_read_with_the_published_defaults()
    {
        const string Fields = "\"type\":\"yarn\",\"factor\":4,\"original_max_position_embeddings\":64";
        var magnitude = (0.1 * Math.Log(4)) + 1;
        Assert.AreEqual(magnitude, Amplitude(""), 1e-15);
        Assert.AreEqual(magnitude, Amplitude(",\"attention_factor\":null,\"mscale\":1"), 1e-15);
        Assert.AreEqual(0.5, Amplitude(",\"attention_factor\":0.5"), 1e-15);
        Assert.AreEqual(
            ((0.2 * Math.Log(4)) + 1) / magnitude, Amplitude(",\"mscale\":2,\"mscale_all_dim\":1"), 1e-15);
        Assert.AreEqual(256, Read("rope_scaling", $"{{{Fields}}}").MaxContext, "the context of the pre-training, stretched");

        double Amplitude(string more) => Read("rope_scaling", $"{{{Fields}{more}}}").Rope.Amplitude;
    }

    [TestMethod]
    public void Longrope_takes_the_factors_of_the_models_context()
    {
        const string Factors = "\"type\":\"longrope\",\"short_factor\":[1,2],\"long_factor\":[3,4]";
        var plain = RopeConfig.Of(10000, 4, RopeScaling.None);
        var stretched = Read("rope_scaling", $"{{{Factors},\"original_max_position_embeddings\":16}}").Rope;
        Assert.AreEqual(plain.Frequencies[0] / 3, stretched.Frequencies[0]);
        Assert.AreEqual(plain.Frequencies[1] / 4, stretched.Frequencies[1]);
        Assert.AreEqual(Math.Sqrt(1.5), stretched.Amplitude, 1e-15, "64 is 4 times 16, and ln 4 / ln 16 is a half");
        var whole = Read("rope_scaling", $"{{{Factors},\"original_max_position_embeddings\":64}}").Rope;
        Assert.AreEqual(plain.Frequencies[1] / 2, whole.Frequencies[1]);
        Assert.AreEqual(1, whole.Amplitude);

        var config = JsonNode.Parse(Configs.With("rope_scaling", $"{{{Factors}}}"))!.AsObject();
        config["original_max_position_embeddings"] = 16;
        AreEqual(stretched, Read(config).Rope);
    }

    internal static void AreEqual(RopeConfig expected, RopeConfig actual)
    {
        Assert.AreEqual(expected.RotarySize, actual.RotarySize);
        Assert.AreEqual(expected.Amplitude, actual.Amplitude);
        CollectionAssert.AreEqual(expected.Frequencies.ToArray(), actual.Frequencies.ToArray());
    }

    private static YarnScaling Yarn(bool isTruncated) => new()
    {
        Factor = 4,
        OriginalContext = 4096,
        BetaFast = 32,
        BetaSlow = 1,
        IsTruncated = isTruncated,
        AttentionFactor = YarnScaling.Magnitude(4),
    };

    private static ModelConfig Read(string field, string json) => Read(JsonNode.Parse(Configs.With(field, json))!.AsObject());

    private static ModelConfig Read(JsonObject config)
    {
        using var directory = new TemporaryDirectory();
        directory.Write(ModelConfigReader.FileName, config.ToJsonString());
        return ModelConfigReader.Read(directory.Path).Config;
    }
}
