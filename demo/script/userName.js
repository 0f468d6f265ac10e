// givenname.surname: unique in the demo's company.
(source.givenName + '.' + source.surname).toLowerCase();
