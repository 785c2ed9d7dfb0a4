using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Llm42.Cli.Output;

/// <summary>What the user asked for goes to standard output, UTF-8, as soon as it is there.</summary>
internal static class StandardOutput
{
    public static void Write(string text)
    {
        try
        {
            Console.Out.Write(text);
            Console.Out.Flush();
        }
        catch (IOException error)
        {
            throw new OutputClosedException(error);
        }
    }

    public static void WriteLine(string text = "") => Write(text + "\n");

    /// <summary>One JSON text on a line.</summary>
    public static void WriteJson<T>(T value, JsonTypeInfo<T> type) => WriteLine(JsonSerializer.Serialize(value, type));
}

/// <summary>The reader of standard output went away.</summary>
internal sealed class OutputClosedException(Exception inner) : Exception("standard output was closed", inner);
