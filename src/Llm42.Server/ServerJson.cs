using System.Text.Json.Serialization;
using Llm42.Server.Http;
using Llm42.Server.Native;
using Llm42.Server.OpenAi;
using Llm42.Server.Operation;
using Llm42.Server.Page;

namespace Llm42.Server;

/// <summary>Serialisation of everything that the server sends.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ApiErrorBody))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(CompletionResponse))]
[JsonSerializable(typeof(ChatResponse))]
[JsonSerializable(typeof(CompletionChoice))]
[JsonSerializable(typeof(ChatEvent))]
[JsonSerializable(typeof(ChatEventChoice))]
[JsonSerializable(typeof(GenerateResponse))]
[JsonSerializable(typeof(GenerateResponse[]))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(PageSettings))]
[JsonSerializable(typeof(LiveFigures))]
internal sealed partial class ServerJson : JsonSerializerContext;
