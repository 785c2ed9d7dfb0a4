namespace Llm42.Bindings.Generator.Model;

/// <summary>An integer macro.</summary>
public sealed record ConstantDeclaration(string Name, int Value, DocComment Doc);

/// <summary>A member of an enum.</summary>
public sealed record EnumMember(string Name, int Value, DocComment Doc);

/// <summary>A typedef of int32_t together with the enum that holds its values; named after the typedef.</summary>
public sealed record EnumDeclaration(string Name, DocComment Doc, IReadOnlyList<EnumMember> Members);

/// <summary>A handle type.</summary>
public sealed record OpaqueDeclaration(string Name, SourceLocation Location);

/// <summary>A field of a struct.</summary>
public sealed record FieldDeclaration(string Name, NativeType Type, DocComment Doc);

/// <summary>A struct with fields.</summary>
public sealed record StructDeclaration(string Name, DocComment Doc, IReadOnlyList<FieldDeclaration> Fields);

/// <summary>A parameter of a function.</summary>
public sealed record ParameterDeclaration(string Name, NativeType Type);

/// <summary>A function.</summary>
public sealed record FunctionDeclaration(
    string Name, DocComment Doc, NativeType Result, IReadOnlyList<ParameterDeclaration> Parameters);
