using System.Text.Json;
using Llm42.Server.Http;
using Llm42.StructuredOutput;

namespace Llm42.Server.Fields;

/// <summary>Reads "response_format".</summary>
internal static class ResponseFormatField
{
    private const string Name = "response_format";

    /// <summary>What an answer has to look like; null for any text.</summary>
    public static OutputFormat? Read(RequestFields fields)
    {
        if (fields.Object(Name) is not { } format)
            return null;
        var type = format.Text("type") ?? throw format.Missing("type");
        var read = type switch
        {
            "text" => null,
            "json_object" => OutputFormat.JsonObject,
            "json_schema" => ReadSchema(format.Object("json_schema") ?? throw format.Missing("json_schema")),
            _ => throw format.Unsupported("type", $"\"{type}\" is not offered; \"text\", \"json_object\" and \"json_schema\" are."),
        };
        format.RefuseOthers();
        return read;
    }

    private static OutputFormat ReadSchema(RequestFields fields)
    {
        // The answer is of the schema whether that is called strict or not.
        fields.Text("name");
        fields.Text("description");
        fields.Boolean("strict");
        var schema = fields.Find("schema");
        fields.RefuseOthers();
        return schema is { } element ? Compile(element) : OutputFormat.JsonObject;
    }

    private static OutputFormat Compile(JsonElement schema)
    {
        try
        {
            return OutputFormat.JsonSchema(schema);
        }
        catch (ArgumentException error)
        {
            throw ApiException.Invalid($"{Name}.json_schema.schema: {error.Message}", Name, "invalid_schema");
        }
    }
}
