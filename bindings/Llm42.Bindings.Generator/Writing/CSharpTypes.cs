using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>C types to C# types.</summary>
public static class CSharpTypes
{
    /// <summary>The C# spelling of a type.</summary>
    public static string Spell(NativeType type) =>
        type.ArrayLength > 0 ? ArrayName(type) : Base(type) + new string('*', type.Pointers);

    /// <summary>Name of the inline array that stands for a C array.</summary>
    public static string ArrayName(NativeType type)
    {
        string element = Base(type);
        return $"{char.ToUpperInvariant(element[0])}{element[1..]}Array{type.ArrayLength}";
    }

    private static string Base(NativeType type) => type.Kind switch
    {
        NativeTypeKind.Void => "void",
        NativeTypeKind.Primitive => PrimitiveType.Find(type.Name)!.CSharp,
        NativeTypeKind.Opaque => Names.Opaque(type.Name),
        _ => Names.Pascal(type.Name),
    };
}
