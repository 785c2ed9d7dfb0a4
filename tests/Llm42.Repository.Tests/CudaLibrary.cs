using System.Globalization;
using System.Text.RegularExpressions;
using Llm42.Testing;

namespace Llm42.Repository.Tests;

/// <summary>What the built CUDA plug-in holds, read out of its machine code by the toolkit's cuobjdump.</summary>
internal static partial class CudaLibrary
{
    private const string Cache = "artifacts/native/build/CMakeCache.txt";
    private const string Library = "artifacts/native/libllm42_cuda.so";

    // Its code is megabytes of text: read once for all tests.
    private static readonly Lazy<Task<IReadOnlyList<CudaKernel>>> Kernels = new(ReadAsync);

    /// <summary>The compiled kernels. The test is inconclusive where the plug-in was not to be built.</summary>
    public static Task<IReadOnlyList<CudaKernel>> KernelsAsync() => Kernels.Value;

    private static async Task<IReadOnlyList<CudaKernel>> ReadAsync()
    {
        string cache = File.Exists(RepositoryRoot.InRoot(Cache)) ? RepositoryFiles.Read(Cache) : "";
        Match compiler = Compiler().Match(cache);
        if (!IsOn().IsMatch(cache) || !compiler.Success)
        {
            Assert.Inconclusive(
                "libllm42_cuda was not built: no nvcc 12.4 or later was found or could be laid. ./build.sh native --cuda says why.");
        }

        string tool = Path.Combine(Path.GetDirectoryName(compiler.Groups[1].Value)!, "cuobjdump");
        if (!File.Exists(tool))
            Assert.Inconclusive($"{tool} is missing: install all of the CUDA toolkit, or let ./build.sh native --cuda lay one.");
        Assert.IsTrue(File.Exists(RepositoryRoot.InRoot(Library)), $"{Library} is missing, though {Cache} says that it is built.");
        Task<string> resources = DumpAsync(tool, "-res-usage"), code = DumpAsync(tool, "-sass");
        return Parse(await resources, await code);
    }

    /// <summary>Reads what cuobjdump prints with -res-usage and with -sass.</summary>
    public static IReadOnlyList<CudaKernel> Parse(string resources, string code)
    {
        Dictionary<(string Architecture, string Symbol), CudaKernel> kernels = [];
        string architecture = "", symbol = "";
        foreach (string line in resources.Split('\n'))
        {
            if (Architecture().Match(line) is { Success: true } arch)
                architecture = arch.Groups[1].Value;
            else if (Function().Match(line) is { Success: true } function)
                symbol = function.Groups[1].Value;
            else if (Usage().Match(line) is { Success: true } usage)
                kernels.Add((architecture, symbol), new CudaKernel(architecture, symbol, Number(usage, 1), Number(usage, 2), Number(usage, 3)));
        }

        CudaKernel? kernel = null;
        foreach (string line in code.Split('\n'))
        {
            if (CodeFor().Match(line) is { Success: true } arch)
                architecture = arch.Groups[1].Value;
            else if (FunctionOfCode().Match(line) is { Success: true } function)
                kernel = kernels[(architecture, function.Groups[1].Value)];
            else if (Instruction().Match(line) is { Success: true } instruction)
                kernel!.Count(instruction.Groups[1].Value);
        }

        return [.. kernels.Values];
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static async Task<string> DumpAsync(string tool, string option)
    {
        Run run = await Run.ProgramAsync(tool, [option, RepositoryRoot.InRoot(Library)]);
        Assert.AreEqual(0, run.ExitCode, $"{tool} {option}: {run.Error}");
        return run.Output;
    }

    [GeneratedRegex(@"^LLM42_CUDA:BOOL=(ON|1|TRUE|YES)\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex IsOn();

    [GeneratedRegex(@"^CMAKE_CUDA_COMPILER:\w+=(\S.*?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Compiler();

    [GeneratedRegex(@"^arch = (sm_\w+)")]
    private static partial Regex Architecture();

    [GeneratedRegex(@"^ Function (\S+):")]
    private static partial Regex Function();

    [GeneratedRegex(@"^  REG:(\d+) STACK:(\d+) SHARED:\d+ LOCAL:(\d+) ")]
    private static partial Regex Usage();

    [GeneratedRegex(@"^\s*code for (sm_\w+)")]
    private static partial Regex CodeFor();

    [GeneratedRegex(@"^\s*Function : (\S+)")]
    private static partial Regex FunctionOfCode();

    // Without the operands and the modifiers behind the first dot; a predicate may stand before it.
    [GeneratedRegex(@"^\s*/\*[0-9a-f]{4,}\*/\s+(?:\{\s*)?(?:@!?\w+\s+)?([A-Z][A-Z0-9]*)")]
    private static partial Regex Instruction();
}
