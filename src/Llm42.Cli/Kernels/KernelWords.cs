using Llm42.Cli.Machine;

namespace Llm42.Cli.Kernels;

/// <summary>The words that stand for values on the console and in JSON.</summary>
internal static class KernelWords
{
    public static string Name(CeilingKind kind) => kind switch
    {
        CeilingKind.Memory => "memory",
        CeilingKind.Int8 => "int8",
        _ => "compute",
    };
}
