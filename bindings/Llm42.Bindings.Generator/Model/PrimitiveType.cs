namespace Llm42.Bindings.Generator.Model;

/// <summary>A number type that the ABI may use. `size_t`, `long`, `int` and `bool` are not among them on purpose.</summary>
public sealed record PrimitiveType(string C, string CSharp, int Size)
{
    private static readonly PrimitiveType[] All =
    [
        new("char", "byte", 1),
        new("int8_t", "sbyte", 1),
        new("uint8_t", "byte", 1),
        new("int16_t", "short", 2),
        new("uint16_t", "ushort", 2),
        new("int32_t", "int", 4),
        new("uint32_t", "uint", 4),
        new("int64_t", "long", 8),
        new("uint64_t", "ulong", 8),
        new("float", "float", 4),
        new("double", "double", 8),
    ];

    /// <summary>Finds a type by its C name; null if the ABI may not use it.</summary>
    public static PrimitiveType? Find(string name) => Array.Find(All, type => type.C == name);
}
