using System.Reflection;
using System.Text;

namespace Llm42.Extensions.Tests.PublicApi;

/// <summary>The public members of an assembly as text: a line each, sorted.</summary>
internal static class PublicMembers
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>What the compiler adds to records.</summary>
    private static readonly string[] OfRecords =
        ["<Clone>$", "Equals", "GetHashCode", "ToString", "PrintMembers", "Deconstruct", "op_Equality", "op_Inequality", "get_EqualityContract"];

    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(NameOf, StringComparer.Ordinal))
        {
            text.Append(Declaration(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
                text.Append("  ").Append(member).Append('\n');
        }

        return text.ToString();
    }

    private static string Declaration(Type type)
    {
        string kind = type.IsInterface ? "interface" : type.IsEnum ? "enum" : type.IsSubclassOf(typeof(Delegate)) ? "delegate"
            : type.IsValueType ? (IsRecord(type) ? "record struct" : "struct")
            : (type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "")
                + (IsRecord(type) ? "record" : "class");
        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<string> bases = type.GetInterfaces().Except(inherited).Where(one => one.IsPublic && !IsEquatableToItself(one, type)).Select(NameOf).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) && parent != typeof(MulticastDelegate))
            bases = bases.Prepend(NameOf(parent));
        string all = type.IsEnum ? "" : string.Join(", ", bases);
        return $"{kind} {NameOf(type)}{(all.Length > 0 ? $" : {all}" : "")}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            foreach (object value in Enum.GetValuesAsUnderlyingType(type))
                yield return $"{Enum.GetName(type, value)} = {value}";
            yield break;
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(All).Where(IsVisible))
            yield return $"new({Parameters(constructor)})";
        foreach (FieldInfo field in type.GetFields(All).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly))
            yield return $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{NameOf(Nullability.Create(field))} {field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")}";
        foreach (PropertyInfo property in type.GetProperties(All))
        {
            if (Accessors(property) is { Length: > 0 } accessors && !(IsRecord(type) && property.Name == "EqualityContract"))
            {
                string index = property.GetIndexParameters().Length > 0 ? $"[{string.Join(", ", property.GetIndexParameters().Select(Parameter))}]" : "";
                yield return $"{Modifier(property.GetAccessors(true)[0])}{NameOf(Nullability.Create(property))} {property.Name}{index} {{ {accessors} }}";
            }
        }

        foreach (EventInfo one in type.GetEvents(All).Where(one => IsVisible(one.AddMethod!)))
            yield return $"event {NameOf(one.EventHandlerType!)} {one.Name}";
        foreach (MethodInfo method in type.GetMethods(All).Where(IsVisible))
        {
            bool isAccessor = method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);
            if (isAccessor || (OfRecords.Contains(method.Name) && (IsRecord(type) || method.GetBaseDefinition().DeclaringType == typeof(object))))
                continue;
            string generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : "";
            yield return $"{Modifier(method)}{NameOf(Nullability.Create(method.ReturnParameter))} {method.Name}{generic}({Parameters(method)})";
        }
    }

    private static string Accessors(PropertyInfo property)
    {
        string get = property.GetMethod is { } getter && IsVisible(getter) ? "get; " : "";
        string set = property.SetMethod is { } setter && IsVisible(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit") ? "init;" : "set;"
            : "";
        return (get + set).Trim();
    }

    private static string Modifier(MethodBase method) =>
        (method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "")
        + (method.IsStatic ? "static " : method.DeclaringType!.IsInterface ? "" : method.IsAbstract ? "abstract "
            : method.IsVirtual && !method.IsFinal ? "virtual " : "");

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$") is not null
        || (type.IsValueType && type.GetMethod("PrintMembers", All) is not null);

    private static bool IsEquatableToItself(Type type, Type self) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEquatable<>) && IsRecord(self);

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string modifier = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : parameter.GetCustomAttributesData().Any(
            attribute => attribute.AttributeType.Name is "ParamArrayAttribute" or "ParamCollectionAttribute") ? "params " : "";
        string value = parameter.HasDefaultValue ? $" = {parameter.DefaultValue switch { null => "default", string text => $"\"{text}\"", var other => other }}" : "";
        return $"{modifier}{NameOf(Nullability.Create(parameter))} {parameter.Name}{value}";
    }

    private static string NameOf(NullabilityInfo info)
    {
        string mark = info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable ? "?" : "";
        if (info.Type.IsByRef)
            return NameOf(info.Type.GetElementType()!) + mark;
        if (Nullable.GetUnderlyingType(info.Type) is { } underlying)
            return NameOf(underlying) + "?";
        if (info.ElementType is { } element)
            return $"{NameOf(element)}[]{mark}";
        return info.GenericTypeArguments.Length > 0
            ? $"{Simple(info.Type)}<{string.Join(", ", info.GenericTypeArguments.Select(NameOf))}>{mark}"
            : NameOf(info.Type) + mark;
    }

    private static string NameOf(Type type) =>
        type.IsArray ? $"{NameOf(type.GetElementType()!)}[]"
        : type.IsGenericType ? $"{Simple(type)}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.IsGenericParameter ? type.Name
        : Simple(type);

    // The namespace where it is ours; the framework's types are known by their names.
    private static string Simple(Type type)
    {
        string name = type.Name.Split('`')[0];
        if (type.IsNested)
            return $"{Simple(type.DeclaringType!)}.{name}";
        return type.Assembly.GetName().Name!.StartsWith("Llm42", StringComparison.Ordinal) ? $"{type.Namespace}.{name}" : name;
    }
}
