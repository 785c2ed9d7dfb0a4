using System.Globalization;

namespace Llm42.Gguf;

/// <summary>Typed access to the metadata of a file; an error names the file, the key, the value and the range.</summary>
internal sealed class GgufMetadata(string path, IReadOnlyDictionary<string, GgufValue> values)
{
    /// <summary>The file, which arrays are read from.</summary>
    public GgufFile File { private get; set; } = null!;

    public IEnumerable<string> Keys => values.Keys;

    public bool Has(string key) => values.ContainsKey(key);

    public long Integer(string key, long minimum, long maximum, long? otherwise = null)
    {
        if (!values.TryGetValue(key, out var value))
            return otherwise ?? throw Missing(key);
        return value.Content is Int128 number && number >= minimum && number <= maximum
            ? (long)number
            : throw Wrong(key, $"an integer from {minimum} to {maximum}");
    }

    /// <summary>A finite number, or null if the key is missing. Of a float, the shortest decimal that means it: 0.1f is 0.1.</summary>
    public double? Number(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.Content switch
        {
            float number when float.IsFinite(number) =>
                double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
            double number when double.IsFinite(number) => number,
            Int128 number => (double)number,
            _ => throw Wrong(key, "a finite number"),
        };
    }

    public bool? Boolean(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.Content is bool flag ? flag : throw Wrong(key, "a bool");
    }

    public string? Text(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.Content as string ?? throw Wrong(key, "a string");
    }

    /// <summary>An array of strings, or null if the key is missing.</summary>
    public string[]? Texts(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.Content is GgufArray { ElementType: GgufValueType.String } array
            ? File.ReadTexts(key, array)
            : throw Wrong(key, "an array of strings");
    }

    /// <summary>An array of integers in a range, or null if the key is missing.</summary>
    public int[]? Integers(string key, int minimum, int maximum)
    {
        if (!values.TryGetValue(key, out var found))
            return null;
        if (found.Content is not GgufArray array)
            throw Wrong(key, "an array of integers");
        var numbers = new int[array.Count];
        var i = 0;
        foreach (var value in File.ReadScalars(key, array))
        {
            numbers[i] = value.Content is Int128 number && number >= minimum && number <= maximum
                ? (int)number
                : throw new ModelFormatException(path, $"{key}[{i}] must be an integer from {minimum} to {maximum}, found {value}.");
            i++;
        }
        return numbers;
    }

    /// <summary>An array of floats, or null if the key is missing.</summary>
    public float[]? Floats(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.Content is GgufArray { ElementType: GgufValueType.Float32 } array
            ? [.. File.ReadScalars(key, array).Select(number => (float)number.Content)]
            : throw Wrong(key, "an array of Float32");
    }

    /// <summary>True if the key holds an array.</summary>
    public bool IsArray(string key) => values.TryGetValue(key, out var value) && value.Content is GgufArray;

    /// <summary>The error of a value that cannot be used.</summary>
    public ModelFormatException Wrong(string key, string expected) => new(path, $"{key} must be {expected}, found {values[key]}.");

    /// <summary>The error of a key that must be there.</summary>
    public ModelFormatException Missing(string key) => new(path, $"the metadata have no \"{key}\".");
}
