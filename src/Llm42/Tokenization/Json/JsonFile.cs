using System.Text.Json;
using Llm42.Weights;

namespace Llm42.Tokenization.Json;

/// <summary>Parses JSON that came from outside.</summary>
internal static class JsonFile
{
    private const long MaximumLength = 512L << 20;

    public static byte[] ReadBytes(string path)
    {
        if (!Path.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such file.", path);
        }

        try
        {
            return RegularFile.Read(path, MaximumLength);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerFormatException(path, "$", $"the file cannot be read: {exception.Message}", exception);
        }
    }

    public static JsonDocument Parse(string file, ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        try
        {
            return JsonDocument.Parse(utf8);
        }
        catch (JsonException exception)
        {
            throw new TokenizerFormatException(file, "$", $"not valid JSON: {exception.Message}", exception);
        }
    }
}
