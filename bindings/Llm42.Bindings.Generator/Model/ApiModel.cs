namespace Llm42.Bindings.Generator.Model;

/// <summary>Everything that the headers declare, in the order of declaration.</summary>
public sealed record ApiModel(
    IReadOnlyList<ConstantDeclaration> Constants,
    IReadOnlyList<EnumDeclaration> Enums,
    IReadOnlyList<OpaqueDeclaration> Opaques,
    IReadOnlyList<StructDeclaration> Structs,
    IReadOnlyList<FunctionDeclaration> Functions);
