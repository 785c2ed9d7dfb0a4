using System.Globalization;

namespace Llm42.Testing;

/// <summary>The most memory that a process has had at once, as Linux counts it: mapped files included.</summary>
internal static class PeakMemory
{
    private const string Field = "VmHWM:";

    /// <summary>Bytes of a running process, so far; null where the system does not tell.</summary>
    public static long? Of(int process)
    {
        var path = $"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status";
        var line = File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal))
            : null;
        return line is null
            ? null
            : long.Parse(line[Field.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
    }
}
