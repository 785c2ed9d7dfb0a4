using System.Text.Json;

namespace Llm42.Tokenization.Json;

/// <summary>Parses JSON that came from outside.</summary>
internal static class JsonFile
{
    private const long MaximumLength = 512L << 20;

    public static byte[] ReadBytes(string path)
    {
        var info = new FileInfo(path);
        if (!info.Exists)
        {
            throw new FileNotFoundException($"{path}: there is no such file.", path);
        }

        return info.Length <= MaximumLength
            ? File.ReadAllBytes(path)
            : throw new TokenizerFormatException(path, "$", $"the file has {info.Length} bytes; at most {MaximumLength} are read");
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
