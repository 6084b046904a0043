package dev.plumbline.deploy;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Finds what a model class has no field for: it reads such a field all the same and keeps it in
 * {@code additionalProperties}, where the API server would refuse or, worse, drop it.
 */
final class Unknown {
  private Unknown() {}

  static List<String> fieldsOf(Object object) throws IllegalAccessException {
    List<String> unknown = new ArrayList<>();
    search(object, object.getClass().getSimpleName(), unknown);
    return unknown;
  }

  private static void search(Object object, String path, List<String> unknown)
      throws IllegalAccessException {
    if (object instanceof Collection<?> list) {
      for (Object each : list) {
        search(each, path + "[]", unknown);
      }
    } else if (object instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> each : map.entrySet()) {
        search(each.getValue(), path + "." + each.getKey(), unknown);
      }
    } else if (object != null && isModel(object.getClass())) {
      for (Class<?> type = object.getClass(); isModel(type); type = type.getSuperclass()) {
        for (Field field : type.getDeclaredFields()) {
          searchField(object, field, path, unknown);
        }
      }
    }
  }

  private static void searchField(Object object, Field field, String path, List<String> unknown)
      throws IllegalAccessException {
    if (Modifier.isStatic(field.getModifiers()) || field.getType().isEnum()) {
      return;
    }
    field.setAccessible(true);
    Object value = field.get(object);
    if (field.getName().equals("additionalProperties")) {
      if (value instanceof Map<?, ?> map) {
        map.keySet().forEach(it -> unknown.add(path + "." + it));
      }
    } else {
      search(value, path + "." + field.getName(), unknown);
    }
  }

  private static boolean isModel(Class<?> type) {
    return !type.isEnum()
        && (type.getName().startsWith("io.fabric8.kubernetes.api.model.")
            || type.getName().startsWith("io.strimzi.api."));
  }
}
