using System.CommandLine;
using Llm42.Core.Engine;
using Llm42.Receipts;

namespace Llm42.Cli.Options;

/// <summary>`--receipt FILE`: write down what an answer was made from and what it was.</summary>
internal sealed class ReceiptFlag
{
    private readonly Option<string?> _file = Flag.Text(
        "--receipt", "FILE", "With --deterministic: write a receipt of the answer, which `llm42 replay` checks.");

    public void AddTo(Command command) => command.Add(_file);

    /// <summary>Refuses settings under which an answer need not come again.</summary>
    public static void CheckEngine(string what, EngineOptions engine)
    {
        if (engine.Verifier == VerifierKind.FixedShape)
            throw new UsageException(
                $"{what} needs answers that depend on the request alone; those of --verifier fixed-shape depend on the window, the group and the machine.");
        if (engine.SkipMismatch == 0)
            throw new UsageException($"{what} needs answers that come again; --llm42-skip-mismatch 0 never rolls back, so leave it out.");
    }

    /// <summary>The file to write; null if none was asked for. What cannot work is refused before the model is loaded.</summary>
    public string? Read(ParseResult parsed, GenerationOptions options, EngineOptions engine)
    {
        if (parsed.GetValue(_file) is not { } file)
            return null;
        if (!options.IsDeterministic)
            throw new UsageException("--receipt is given without --deterministic; an answer that need not come again gets no receipt.");
        if (options.N > 1)
            throw new UsageException($"--receipt is of one answer, and --n is {options.N}; answer i is what --n 1 and --seed + i give.");
        CheckEngine("--receipt", engine);
        if (file.Length == 0)
            throw new UsageException("--receipt is ''; it must name a file.");
        string path = Path.GetFullPath(file);
        if (Directory.Exists(path))
            throw new IOException($"the receipt cannot be written: '{file}' is a directory.");
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new IOException($"the receipt cannot be written: the directory of '{file}' does not exist.");
        return path;
    }

    /// <summary>Writes beside the file, then renames: nobody ever finds half a receipt.</summary>
    public static void Write(string path, Receipt receipt)
    {
        string staging = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            File.WriteAllBytes(staging, [.. receipt.ToJson(), (byte)'\n']);
            File.Move(staging, path, overwrite: true);
        }
        finally
        {
            File.Delete(staging);
        }
    }
}
