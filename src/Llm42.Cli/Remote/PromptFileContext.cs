using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Llm42.Cli.Remote;

/// <summary>Reads the items of a JSON array one after another.</summary>
[JsonSerializable(typeof(JsonNode))]
internal sealed partial class PromptFileContext : JsonSerializerContext;
