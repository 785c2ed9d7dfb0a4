using System.CommandLine;
using System.Text.Json;
using Llm42.StructuredOutput;

namespace Llm42.Cli.Options;

/// <summary>What the answer has to look like.</summary>
internal sealed class FormatFlags
{
    private readonly Option<bool> _jsonObject = Flag.Switch("--json-object", "Answer with a JSON object.");

    private readonly Option<string?> _jsonSchema = Flag.Text(
        "--json-schema", "FILE", "Answer with JSON of the schema in this file; what of a schema is not supported is refused by name.");

    public void AddTo(Command command)
    {
        command.Add(_jsonObject);
        command.Add(_jsonSchema);
    }

    /// <summary>The format; null for anything.</summary>
    public OutputFormat? Read(ParseResult parsed)
    {
        string? file = parsed.GetValue(_jsonSchema);
        bool isObject = parsed.GetValue(_jsonObject);
        if (file is null)
            return isObject ? OutputFormat.JsonObject : null;
        if (isObject)
            throw new UsageException("--json-object and --json-schema are both given; leave one out.");
        try
        {
            using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(file));
            return OutputFormat.JsonSchema(schema.RootElement);
        }
        catch (JsonException error)
        {
            throw new UsageException($"--json-schema: {file} is not JSON: {error.Message}");
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"--json-schema: {file}: {error.Message}");
        }
    }
}
