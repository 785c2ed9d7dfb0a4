using Llm42.Models.Architectures;
using Llm42.Models.Rope;
using Llm42.Weights;

namespace Llm42.Models;

/// <summary>Reads config.json as far as the decoders of the Llama family share it.</summary>
internal static class ModelConfigReader
{
    public const string FileName = "config.json";

    private const int MaxWidth = 1 << 24;
    private const int MaxLayers = 4096;
    private const int MaxHeads = 1024;
    private const int MaxHeadSize = 1024;
    private const int MaxContext = 1 << 24;

    /// <summary>Reads the config of a model directory and finds its architecture.</summary>
    public static (ModelArchitecture Architecture, ModelConfig Config) Read(string modelDirectory)
    {
        if (!Directory.Exists(modelDirectory))
            throw new ModelFormatException(modelDirectory, "the model directory does not exist.");
        return Read(JsonObjectReader.Open(Path.Combine(modelDirectory, FileName)));
    }

    /// <summary>Reads a config and finds its architecture.</summary>
    public static (ModelArchitecture Architecture, ModelConfig Config) Read(JsonObjectReader json)
    {
        var names = json.Texts("architectures");
        if (names.Count == 0)
            throw json.Wrong("architectures", $"an array that begins with one of {ModelArchitecture.KnownNames}");
        var architecture = ModelArchitecture.Find(names[0])
            ?? throw new ModelFormatException(
                json.Path, $"architecture \"{JsonText.Shorten(names[0])}\" is unknown; known are {ModelArchitecture.KnownNames}.");
        return (architecture, architecture.ReadConfig(json));
    }

    /// <summary>The fields common to every decoder; without windows and experts.</summary>
    public static ModelConfig ReadDecoder(JsonObjectReader json, string architecture, DecoderDefaults? defaults = null)
    {
        defaults ??= new DecoderDefaults();
        if (json.Has("quantization_config"))
            throw json.Wrong("quantization_config", "absent: quantised checkpoints are not read");
        if (json.Text("hidden_act", "silu") != "silu")
            throw json.Wrong("hidden_act", "\"silu\"");

        var hidden = json.Integer("hidden_size", 1, MaxWidth);
        var heads = json.Integer("num_attention_heads", 1, MaxHeads);
        var kvHeads = json.Integer("num_key_value_heads", 1, MaxHeads, defaults.KvHeads ?? heads);
        if (heads % kvHeads != 0)
            throw new ModelFormatException(
                json.Path, $"num_key_value_heads must be a divisor of num_attention_heads, which is {heads}, not {kvHeads}.");
        if (!json.Has("head_dim") && defaults.HeadSize is null && hidden % heads != 0)
            throw json.Wrong(
                "num_attention_heads", $"a divisor of hidden_size, which is {hidden}, where head_dim is not given");
        var headSize = json.Integer("head_dim", 1, MaxHeadSize, defaults.HeadSize ?? hidden / heads);
        if (headSize is < 1 or > MaxHeadSize)
            throw json.Wrong("num_attention_heads", $"such that a head has 1 to {MaxHeadSize} elements, not {headSize}");
        var layers = json.Integer("num_hidden_layers", 1, MaxLayers);
        var (rope, context) = RopeConfigReader.Read(
            json, headSize, json.Integer("max_position_embeddings", 1, MaxContext), defaults.RopeTheta);
        var vocabulary = json.Integer("vocab_size", 1, MaxWidth);

        return new ModelConfig
        {
            Architecture = architecture,
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            IntermediateSize = json.Integer("intermediate_size", 1, MaxWidth),
            Layers = layers,
            QueryHeads = heads,
            KvHeads = kvHeads,
            HeadSize = headSize,
            MaxContext = context,
            RmsNormEpsilon = (float)json.Number("rms_norm_eps", 0, 1, defaults.RmsNormEpsilon),
            Rope = rope,
            TieWordEmbeddings = json.Boolean("tie_word_embeddings", false),
            AttentionBias = json.Boolean("attention_bias", false),
            MlpBias = json.Boolean("mlp_bias", false),
            Windows = new int[layers],
            EosTokenIds = json.IntegerOrIntegers("eos_token_id", 0, vocabulary - 1),
        };
    }
}
