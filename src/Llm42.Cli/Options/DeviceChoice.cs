using System.CommandLine;
using System.Globalization;

namespace Llm42.Cli.Options;

/// <summary>What `--device` names: a backend, and which device of it.</summary>
internal sealed record DeviceChoice(string Backend, int Ordinal)
{
    private static readonly string[] Backends = ["cpu", "cuda", "cuda-emulated"];

    public static Option<DeviceChoice?> CreateOption() => new("--device")
    {
        Description = "What to run on: cpu; cuda, or cuda:1 for the second GPU; cuda-emulated, which runs the CUDA kernels on the processor, for tests (default cpu).",
        HelpName = string.Join('|', Backends),
        CustomParser = result =>
        {
            string value = result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;
            string[] parts = value.Split(':');
            int ordinal = 0;
            bool isOrdinal = parts.Length == 1
                || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ordinal));
            if (isOrdinal && Backends.Contains(parts[0]))
                return new DeviceChoice(parts[0], ordinal);
            result.AddError($"--device is '{value}'; it must be one of {string.Join(", ", Backends)}, with a colon and a number behind it for another one than the first.");
            return null;
        },
    };
}
