using System.Reflection;

namespace Llm42;

/// <summary>The version of this package.</summary>
public static class EngineVersion
{
    /// <summary>"0.1.0", without the name of the commit that the build may have put behind it.</summary>
    public static string Current { get; } =
        typeof(EngineVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
}
