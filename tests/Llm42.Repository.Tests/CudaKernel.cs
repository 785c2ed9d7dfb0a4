using System.Globalization;
using System.Text.RegularExpressions;

namespace Llm42.Repository.Tests;

/// <summary>A kernel as it was compiled for one architecture.</summary>
/// <param name="Architecture">As cuobjdump names it: sm_80.</param>
/// <param name="Symbol">Mangled, with the template arguments.</param>
/// <param name="Registers">Of a thread.</param>
/// <param name="StackBytes">Of a thread, in local memory: arrays that are not kept in registers, and spilled registers.</param>
/// <param name="LocalBytes">Of a thread, in local memory beside the stack.</param>
internal sealed partial record CudaKernel(string Architecture, string Symbol, int Registers, int StackBytes, int LocalBytes)
{
    /// <summary>The template argument that says that rows of bf16 meet an int8 weight, which is widened then.</summary>
    private const string Bf16Rows = "Bf16Rows";

    private readonly Dictionary<string, int> _instructions = [];

    /// <summary>Its name in the source, which ends with _kernel by the custom of native/cuda; else the symbol.</summary>
    public string Name { get; } = NameIn(Symbol) ?? Symbol;

    /// <summary>Whether it is one of those that are to multiply on tensor cores, whose registers are full by design.</summary>
    public bool IsMatrixProduct => MatrixProduct().IsMatch(Name);

    /// <summary>The instruction of its products: IMMA where both factors are 8-bit integers, HMMA otherwise.</summary>
    public string ProductInstruction =>
        Int8().IsMatch(Name) && !Symbol.Contains(Bf16Rows, StringComparison.Ordinal) ? "IMMA" : "HMMA";

    /// <summary>Why it uses local memory, for a message; null where it does not.</summary>
    public string? LocalMemory
    {
        get
        {
            int loads = Instructions("LDL"), stores = Instructions("STL");
            return StackBytes + LocalBytes + loads + stores == 0
                ? null
                : $"{this}: {StackBytes} bytes of stack, {LocalBytes} of local memory, {loads} loads and {stores} stores of it, {Registers} registers";
        }
    }

    public int AllInstructions => _instructions.Values.Sum();

    /// <summary>How often an instruction stands in its code, modifiers left out.</summary>
    public int Instructions(string name) => _instructions.GetValueOrDefault(name);

    public void Count(string instruction) => _instructions[instruction] = Instructions(instruction) + 1;

    public override string ToString() => $"{Name} for {Architecture} ({Symbol})";

    // In a mangled symbol a name follows its length: 13linear_kernel. Digits of what precedes it may stand before that.
    private static string? NameIn(string symbol)
    {
        for (int start = symbol.Length - 1; start > 0; --start)
        {
            for (int digits = 1; digits <= 2 && digits <= start; ++digits)
            {
                if (int.TryParse(symbol.AsSpan(start - digits, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                    && start + length <= symbol.Length && Kernel().IsMatch(symbol.AsSpan(start, length)))
                {
                    return symbol.Substring(start, length);
                }
            }
        }

        return null;
    }

    [GeneratedRegex("^[a-z][a-z0-9_]*_kernel$")]
    private static partial Regex Kernel();

    [GeneratedRegex("(^|_)(linear|attention)_([a-z0-9_]+_)?kernel$")]
    private static partial Regex MatrixProduct();

    [GeneratedRegex("(^|_)int8_")]
    private static partial Regex Int8();
}
