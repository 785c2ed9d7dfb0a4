using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llm42.Cli.Json;

/// <summary>How the command writes JSON: snake case, text as text, floats so that they read back to the same bits.</summary>
[JsonSerializable(typeof(GenerateJson))]
[JsonSerializable(typeof(GenerateAllJson))]
[JsonSerializable(typeof(ScoreJson))]
[JsonSerializable(typeof(TokenizeJson))]
[JsonSerializable(typeof(TokenizeLineJson))]
[JsonSerializable(typeof(RenderJson))]
[JsonSerializable(typeof(CheckJson))]
[JsonSerializable(typeof(RemoteCheckJson))]
[JsonSerializable(typeof(StressJson))]
[JsonSerializable(typeof(InfoJson))]
[JsonSerializable(typeof(VerificationJson))]
[JsonSerializable(typeof(ReplayJson))]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(KernelsJson))]
[JsonSerializable(typeof(BenchThroughputJson))]
[JsonSerializable(typeof(TraceJson))]
[JsonSerializable(typeof(SweepJson))]
[JsonSerializable(typeof(KernelListJson))]
[JsonSerializable(typeof(ServingJson))]
[JsonSerializable(typeof(PeerRequestJson))]
[JsonSerializable(typeof(PeerLineJson))]
[JsonSerializable(typeof(LlamaAskJson))]
[JsonSerializable(typeof(LlamaAnswerJson))]
internal sealed partial class CliJsonContext : JsonSerializerContext
{
    public static CliJsonContext Standard { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
