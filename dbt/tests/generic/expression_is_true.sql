{#- A returned row breaks the expression. An expression that is null breaks it too: unknown is not true.
    `column_name` only says beside which column the test stands. -#}
{% test expression_is_true(model, expression, column_name=none) %}

select *
from {{ model }}
where not coalesce({{ expression }}, false)

{% endtest %}
