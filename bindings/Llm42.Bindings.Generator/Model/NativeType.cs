namespace Llm42.Bindings.Generator.Model;

/// <summary>What a C type is made of.</summary>
public enum NativeTypeKind
{
    /// <summary>void, behind a pointer or as a result.</summary>
    Void,

    /// <summary>A fixed-width number or char.</summary>
    Primitive,

    /// <summary>A typedef of int32_t with an enum of its values.</summary>
    Enum,

    /// <summary>A struct with fields.</summary>
    Struct,

    /// <summary>A struct without fields, used by pointer only.</summary>
    Opaque,
}

/// <summary>A C type as the ABI may use it.</summary>
/// <param name="Kind">What the base is.</param>
/// <param name="Name">Name of the base in C, without qualifiers.</param>
/// <param name="Pointers">Levels of indirection.</param>
/// <param name="ArrayLength">Elements of an array, or 0.</param>
public readonly record struct NativeType(NativeTypeKind Kind, string Name, int Pointers, int ArrayLength);
