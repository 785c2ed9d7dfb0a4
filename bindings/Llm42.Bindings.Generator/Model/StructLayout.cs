namespace Llm42.Bindings.Generator.Model;

/// <summary>Size, alignment and field offsets of a struct, in bytes.</summary>
public sealed record StructLayout(int Size, int Alignment, IReadOnlyList<int> Offsets)
{
    /// <summary>
    /// Lays every struct out by natural alignment on a 64-bit platform. The native compiler and the C# tests check
    /// the numbers; this calculation is not trusted by itself.
    /// </summary>
    public static IReadOnlyDictionary<string, StructLayout> Compute(ApiModel model)
    {
        Dictionary<string, StructLayout> layouts = [];
        foreach (StructDeclaration declaration in model.Structs)
        {
            int end = 0;
            int alignment = 1;
            List<int> offsets = [];
            foreach (FieldDeclaration field in declaration.Fields)
            {
                (int size, int fieldAlignment) = Measure(field, layouts);
                int offset = RoundUp(end, fieldAlignment);
                offsets.Add(offset);
                end = offset + size;
                alignment = Math.Max(alignment, fieldAlignment);
            }

            layouts.Add(declaration.Name, new StructLayout(RoundUp(end, alignment), alignment, offsets));
        }

        return layouts;
    }

    private static (int Size, int Alignment) Measure(
        FieldDeclaration field, Dictionary<string, StructLayout> layouts)
    {
        NativeType type = field.Type;
        int count = Math.Max(1, type.ArrayLength);
        if (type.Pointers > 0)
        {
            return (8 * count, 8);
        }

        switch (type.Kind)
        {
            case NativeTypeKind.Primitive:
                int size = PrimitiveType.Find(type.Name)!.Size;
                return (size * count, size);
            case NativeTypeKind.Enum:
                return (4 * count, 4);
            case NativeTypeKind.Struct:
                StructLayout inner = layouts[type.Name];
                return (inner.Size * count, inner.Alignment);
            default:
                throw new BindingException(field.Doc.Location, $"field '{field.Name}' has no size");
        }
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
